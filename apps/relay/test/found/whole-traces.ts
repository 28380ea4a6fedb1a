import type { Batch } from "@otlpkit/core";
import { decode } from "@otlpkit/otlp";

/** Where the spans of traces have come out, of those that were under way while nobody came or went. */
export interface WholeTraces {
  /** From now on nobody comes or goes, or no longer so. */
  stable(yes: boolean): void;
  /** Before a send; what is returned is called when it was answered. */
  sent(batch: Batch): () => void;
  received(batch: Batch, relay: string): void;
  report(): {
    /** Traces of which several requests told while nobody came or went. */
    readonly traces: number;
    /** Those of them that came out in more than one place. */
    readonly cut: readonly string[];
  };
}

interface Seen {
  readonly traceId: string;
  readonly spanId: string;
}

export function wholeTraces(): WholeTraces {
  /** By which relays each span came. */
  const relaysOf = new Map<string, Set<string>>();
  /** The spans of each trace in each time of peace, by the request that they were sent in. */
  const inPeace = new Map<string, Map<Batch, string[]>>();
  let peace = 0;
  let isStable = false;

  return {
    stable(yes) {
      if (yes && !isStable) peace++;
      isStable = yes;
    },
    sent(batch) {
      const mine = peace;
      if (!isStable || batch.signal !== "traces") return () => {};
      return () => {
        if (!isStable || peace !== mine) return;
        for (const { traceId, spanId } of spansOf(batch)) {
          const key = `${mine} ${traceId}`;
          const requests = inPeace.get(key) ?? new Map<Batch, string[]>();
          inPeace.set(key, requests);
          requests.set(batch, [...(requests.get(batch) ?? []), spanId]);
        }
      };
    },
    received(batch, relay) {
      if (batch.signal !== "traces") return;
      for (const { spanId } of spansOf(batch)) {
        const relays = relaysOf.get(spanId) ?? new Set();
        relaysOf.set(spanId, relays.add(relay));
      }
    },
    report() {
      const several = [...inPeace].filter(([, requests]) => requests.size > 1);
      const cut = several.filter(([, requests]) => {
        const relays = [...requests.values()].flat().flatMap((spanId) => [...(relaysOf.get(spanId) ?? [])]);
        return new Set(relays).size !== 1;
      });
      return { traces: several.length, cut: cut.map(([key]) => key) };
    },
  };
}

function spansOf({ body }: Batch): Seen[] {
  const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");
  return (decode("traces", body).resourceSpans ?? [])
    .flatMap(({ scopeSpans = [] }) => scopeSpans)
    .flatMap(({ spans = [] }) => spans)
    .map(({ traceId, spanId }) => ({ traceId: hex(traceId), spanId: hex(spanId) }));
}
