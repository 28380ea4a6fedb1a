import { type Balancer, type Batch, type Candidate, ExportError, signals } from "@otlpkit/core";
import { splitByKey } from "@otlpkit/otlp";
import { fullOnes } from "./bounded-load.ts";
import { byTraceId } from "./by-trace-id.ts";
import type { Key } from "./key.ts";
import type { Placement } from "./placement.ts";
import { rendezvous } from "./rendezvous.ts";
import { ring } from "./ring.ts";

/** Options of {@link consistentHash}. */
export interface ConsistentHashOptions {
  /** What belongs together. Default {@link byTraceId}. */
  readonly key?: Key;
  /**
   * How owners are found. "rendezvous", the default, is the more even and has nothing to build; it looks at every
   * endpoint for every different key, some nanoseconds each. "ring" is for many hundreds of endpoints. Clients that are
   * to agree must use the same.
   */
  readonly method?: "rendezvous" | "ring";
  /** Places on the ring for a weight of 1. Default 160, as ketama has. */
  readonly pointsPerWeight?: number;
  /**
   * No endpoint gets more while it has so many times its share under way; the keys go to whoever is next for them.
   * 1.25 is usual. Default: no bound, because what overflows is no longer together with the rest.
   */
  readonly loadFactor?: number;
}

/**
 * By key: what has a key in common goes to one endpoint, and stays there when others come and go. A batch is cut by the
 * endpoints that its items belong to, not by keys: as many requests as there are endpoints at most. Every client that
 * knows the same endpoints chooses alike.
 *
 * Weights are those of the source; a slow start does not move keys.
 */
export function consistentHash(options: ConsistentHashOptions = {}): Balancer {
  const { key = byTraceId(), method = "rendezvous", pointsPerWeight = 160, loadFactor = Infinity } = options;
  if (!(pointsPerWeight >= 1)) throw new RangeError(`consistentHash: pointsPerWeight must be at least 1`);
  if (!(loadFactor >= 1)) throw new RangeError(`consistentHash: loadFactor must be at least 1, not ${loadFactor}`);
  const placements = method === "ring" ? ring(pointsPerWeight) : rendezvous();

  function pick(candidates: readonly Candidate[], batch: Batch): Candidate | undefined {
    return candidates[placements(candidates)(hashOfFirst(key, batch), fullOnes(candidates, loadFactor))];
  }

  return {
    name: `consistent-hash by ${key.name}`,
    pick,
    split(candidates, batch) {
      if (candidates.length < 2) return whole(candidates[0], batch);
      if (!key.differsByItem) return whole(pick(candidates, batch), batch);
      expectReadable(batch, key);
      const owner = remembering(placements(candidates), fullOnes(candidates, loadFactor));
      const hashOf = key.of(batch);
      const pieces = splitByKey(batch, (item) => owner(hashOf(item)));
      if (pieces.size === 0) return whole(candidates[0], batch);
      return new Map([...pieces].map(([index, piece]) => [candidates[index] as Candidate, piece]));
    },
  };
}

function whole(candidate: Candidate | undefined, batch: Batch): ReadonlyMap<Candidate, Batch> {
  return candidate === undefined ? new Map() : new Map([[candidate, batch]]);
}

/** Neighbours mostly have the same key. */
function remembering(placement: Placement, full: Uint8Array | undefined): (hash: number) => number {
  let last = -1;
  let owner = -1;
  return (hash) => {
    if (hash !== last) {
      last = hash;
      owner = placement(hash, full);
    }
    return owner;
  };
}

/** The hash of a batch that is not to be cut: that of its first item. */
function hashOfFirst(key: Key, batch: Batch): number {
  if (!key.differsByItem) return key.of(batch)();
  expectReadable(batch, key);
  const known = key.first?.(batch);
  if (known !== undefined) return known;
  const hashOf = key.of(batch);
  let first: number | undefined;
  splitByKey(batch, (item) => {
    first ??= hashOf(item);
    return 0;
  });
  return first ?? 0;
}

function expectReadable({ signal, items, format, encoding }: Batch, { name }: Key): void {
  if (format === "protobuf" && encoding === "identity") return;
  const what = encoding === "identity" ? format : encoding;
  throw new ExportError(
    "unsupported",
    `cannot choose an endpoint by ${name} for ${items} ${signals[signal].items} in ${what}; route them before they are ` +
      "compressed or written as JSON, by doing that between the route and the transport",
  );
}
