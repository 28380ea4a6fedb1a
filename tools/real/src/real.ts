import { appendFileSync } from "node:fs";
import { type BackendName, backends, type RealBackend } from "./backends.ts";

/**
 * The real server for a suite, installed or built when it is expected here and missing. Prints which it is. `undefined`
 * where it is not expected, which is printed too: skip the suite then.
 *
 * @throws Error when it is expected on this machine and cannot be had: a suite that was to meet it must not pass without.
 */
export async function real(name: BackendName): Promise<RealBackend | undefined> {
  const found = await obtain(name);
  report(name, found.backend?.name ?? `not met: ${found.why}`);
  return found.backend;
}

// What a registry far away, or a slow machine, can do to a build that nobody has insisted on. Go and Maven keep what they
// have got so far, so that the next run has less to do.
const outOfReach =
  /took longer than|no such host|dial tcp|i\/o timeout|connection refused|TLS handshake|Could not transfer artifact|Unknown host/i;

/** A server, or why there is none. */
export interface Found {
  readonly backend?: RealBackend;
  readonly why?: string;
}

/**
 * Looks for a server, and gets it when it is expected: the required ones always, all of them with `OTLPKIT_REAL=all`, and
 * those that can be built in what is left of `buildMinutes`.
 */
export async function obtain(name: BackendName, buildMinutes = 0): Promise<Found> {
  const { set, source, buildMinutes: needed } = backends[name];
  const there = source.present();
  if (there !== undefined) return { backend: { program: there, name: source.name } };
  const asked = process.env["OTLPKIT_REAL"] === "all";
  const lacks = source.lacks();
  if (lacks !== undefined) {
    if (asked) throw new Error(`${name}: asked for with OTLPKIT_REAL=all, but ${lacks}`);
    return { why: lacks };
  }
  if (set === "extended" && !asked && buildMinutes < needed) {
    return { why: `${source.name} takes about ${needed} minutes; OTLPKIT_REAL=all builds it` };
  }
  const started = performance.now();
  console.log(`${name}: getting ${source.name} ...`);
  const must = asked || set === "required";
  let program: string;
  try {
    program = await source.obtain(must ? 60 * 60_000 : buildMinutes * 60_000);
  } catch (error) {
    const { message } = error as Error;
    if (must || !outOfReach.test(message)) throw error;
    return { why: `${source.name} could not be had in time: ${message.slice(0, 300)}` };
  }
  console.log(`${name}: got ${source.name} in ${Math.round((performance.now() - started) / 1000)} s`);
  return { backend: { program, name: source.name } };
}

function report(name: BackendName, what: string): void {
  console.log(`backend of these cases: ${name}, ${what}`);
  const file = process.env["OTLPKIT_REAL_REPORT"];
  if (file !== undefined) appendFileSync(file, `${name}\t${what}\n`);
}
