import { ExportError } from "@otlpkit/core";
import type { Answer, DecodedPacket, StringAnswer } from "dns-packet";
import { type Asked, rcodeOf, sameName } from "./message.ts";
import type { AskServers } from "./servers.ts";

/** What DNS knows of a name. */
export interface Records<T> {
  /** None: DNS itself says that there are none. */
  readonly records: readonly T[];
  /** How long that holds. */
  readonly ttlMs: number;
}

// RFC 2308: an answer "there is none" without a SOA says nothing about how long that holds.
const unknownNegativeTtlMs = 5_000;
// Chains are one long in practice; a longer one than this is a mistake or worse.
const maxAliases = 8;

/** Looks up addresses; follows aliases. */
export async function lookupAddresses(
  ask: AskServers,
  name: string,
  type: "A" | "AAAA",
  signal: AbortSignal,
): Promise<Records<string>> {
  return lookup(ask, name, type, signal, (answer) =>
    answer.type === type && typeof answer.data === "string" ? answer.data : undefined,
  );
}

/** One place of a service. */
export interface Service {
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** Looks up the places of a service (RFC 2782). */
export async function lookupServices(ask: AskServers, name: string, signal: AbortSignal): Promise<Records<Service>> {
  return lookup(ask, name, "SRV", signal, (answer) => {
    if (answer.type !== "SRV") return undefined;
    const { target, port, priority = 0, weight = 0 } = answer.data;
    return { target, port, priority, weight };
  });
}

async function lookup<T>(
  ask: AskServers,
  name: string,
  type: Asked,
  signal: AbortSignal,
  dataOf: (answer: Answer) => T | undefined,
): Promise<Records<T>> {
  let wanted = name;
  let ttlMs = Infinity;
  let aliases = 0;
  for (;;) {
    const asked = wanted;
    const packet = await ask(asked, type, signal);
    const answers = packet.answers ?? [];
    for (;;) {
      const records = answers.filter((answer) => sameName(answer.name, wanted));
      const found = records.flatMap((answer) => {
        const data = dataOf(answer);
        return data === undefined ? [] : [{ data, ttlMs: ttlOf(answer) }];
      });
      if (found.length > 0) {
        return {
          records: found.map(({ data }) => data),
          ttlMs: Math.min(ttlMs, ...found.map((record) => record.ttlMs)),
        };
      }
      const alias = records.find((answer): answer is StringAnswer => answer.type === "CNAME");
      if (alias === undefined) break;
      if (++aliases > maxAliases) {
        throw new ExportError(
          "bad-response",
          `cannot look up ${name}: more than ${maxAliases} aliases follow each other`,
        );
      }
      ttlMs = Math.min(ttlMs, ttlOf(alias));
      wanted = alias.data;
    }
    // A server that does not know where the alias leads gives the alias only.
    const leadsElsewhere = !sameName(wanted, asked) && rcodeOf(packet) === "NOERROR" && soaOf(packet) === undefined;
    if (!leadsElsewhere) return { records: [], ttlMs: Math.min(ttlMs, negativeTtlMs(packet)) };
  }
}

function negativeTtlMs(packet: DecodedPacket): number {
  const soa = soaOf(packet);
  if (soa?.type !== "SOA") return unknownNegativeTtlMs;
  return Math.min(ttlOf(soa), (soa.data.minimum ?? 0) * 1000);
}

function soaOf(packet: DecodedPacket): Answer | undefined {
  return packet.authorities?.find(({ type }) => type === "SOA");
}

function ttlOf(answer: Answer): number {
  const seconds = "ttl" in answer ? (answer.ttl ?? 0) : 0;
  // RFC 2181: the highest bit set means 0.
  return seconds < 0 || seconds > 0x7f_ff_ff_ff ? 0 : seconds * 1000;
}
