import { type Path, type Report, type Shape, shape, text } from "@otlpkit/config";
import type { Offers } from "./component.ts";

/** A key of one component that names another: an extension, and what it is wanted for. */
export class Reference<K extends keyof Offers = keyof Offers> {
  readonly offer: K;
  readonly extension: string;
  /** Where it is written. */
  readonly path: Path;

  constructor(offer: K, extension: string, path: Path) {
    this.offer = offer;
    this.extension = extension;
    this.path = path;
  }
}

/** The name of an extension that offers something: `sending_queue.storage`, `auth.authenticator`. */
export function reference<K extends keyof Offers>(offer: K): Shape<Reference<K>> {
  return shape((value, path, report) => new Reference(offer, text.read(value, path, report), path));
}

/** Reports references to extensions that are not there, wherever in `components` they stand. */
export function checkReferences(
  components: readonly unknown[],
  started: ReadonlyMap<string, unknown>,
  report: Report,
): void {
  const all = [...started.keys()];
  const known = all.length === 0 ? "none is started" : `started: ${all.join(", ")}`;
  for (const { extension, path } of components.flatMap((component) => [...referencesIn(component)])) {
    if (started.has(extension)) continue;
    const advice = "define it under extensions and name it in service.extensions";
    report("error", path, `the extension ${extension} is not started; ${advice} (${known})`);
  }
}

/** All of a configuration that was read: plain data, but for these. */
function* referencesIn(value: unknown): Generator<Reference> {
  if (value instanceof Reference) yield value;
  else if (value !== null && typeof value === "object") {
    for (const part of Object.values(value)) yield* referencesIn(part);
  }
}
