import { ExportError } from "@otlpkit/core";
import type { DecodedPacket } from "dns-packet";
import { retreat, type Retreat } from "../retreat.ts";
import type { Time } from "../time.ts";
import { exchange, type Server } from "./exchange.ts";
import { type Asked, query, rcodeOf } from "./message.ts";

/** Puts questions to several servers, of which one is enough. */
export type AskServers = (name: string, type: Asked, signal: AbortSignal) => Promise<DecodedPacket>;

/** How a group of servers is asked. */
export interface Asking {
  readonly servers: readonly Server[];
  /** Time for one server to answer. */
  readonly timeoutMs: number;
  /** How often the round is made before it counts as a failure. */
  readonly attempts: number;
}

/**
 * Asks one server after the other until one knows: "NOERROR" and "NXDOMAIN" are answers, all else is a reason to ask the
 * next. A server that failed is asked last for a while, which grows as it goes on failing.
 */
export function askServers({ servers, timeoutMs, attempts }: Asking, time: Time): AskServers {
  const sick = new Map<Server, { readonly waits: Retreat; untilMs: number }>();
  // Servers of long ago take a question with EDNS0 for a mistake.
  const plain = new Set<Server>();

  const failed = (server: Server): void => {
    const waits = sick.get(server)?.waits ?? retreat({ initialDelayMs: 1_000, maxDelayMs: 30_000 }, time);
    sick.set(server, { waits, untilMs: time.now() + waits.next() });
  };
  const inOrder = (): readonly Server[] => {
    const isSick = (server: Server): number => ((sick.get(server)?.untilMs ?? 0) > time.now() ? 1 : 0);
    return servers.toSorted((a, b) => isSick(a) - isSick(b));
  };

  async function askOne(server: Server, name: string, type: Asked, signal: AbortSignal): Promise<DecodedPacket> {
    const over = new AbortController();
    const attempted = `cannot ask the DNS server ${server.host} port ${server.port} for ${name}`;
    const giveUp = (): void => over.abort(new ExportError("cancelled", `${attempted}: it was given up`));
    const cancel = time.setTimer(
      () => over.abort(new ExportError("timeout", `${attempted}: no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      let packet = await exchange(server, query(name, type, !plain.has(server)), over.signal);
      if (/^(?:FORMERR|NOTIMP)$/.test(rcodeOf(packet)) && !plain.has(server)) {
        plain.add(server);
        packet = await exchange(server, query(name, type, false), over.signal);
      }
      const rcode = rcodeOf(packet);
      if (rcode === "NOERROR" || rcode === "NXDOMAIN") return packet;
      throw new ExportError("unavailable", `${attempted}: it says ${rcode}`);
    } catch (cause) {
      if (ExportError.is(cause)) throw cause;
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new ExportError("unavailable", `${attempted} (${code ?? message})`, { cause });
    } finally {
      cancel();
      signal.removeEventListener("abort", giveUp);
    }
  }

  return async (name, type, signal) => {
    let last: unknown;
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (const server of inOrder()) {
        try {
          const packet = await askOne(server, name, type, signal);
          sick.delete(server);
          return packet;
        } catch (error) {
          if (signal.aborted) throw error;
          failed(server);
          last = error;
        }
      }
    }
    throw last ?? new ExportError("unavailable", "there is no DNS server to ask");
  };
}
