import { type Balancer, type Batch, type Candidate, protobufBatch } from "@otlpkit/core";
import { itemIds } from "../item-ids.ts";
import { protobufWriter } from "../protobuf.ts";
import { seeded } from "../seeded.ts";
import { randomFrom } from "../seeded/random.ts";
import { check, equal } from "./check.ts";
import { type Case, type CaseOptions, register, type Runner } from "./runner.ts";

/** What a balancer claims, so that it is held to it. */
export interface BalancerCaseOptions extends CaseOptions {
  /**
   * How it shares out while nobody has anything to do: evenly whatever the weights, by weight, or by a key, where the same
   * key goes to the same endpoint and shares of keys follow the weights.
   */
  readonly shares: "evenly" | "by weight" | "by key";
  /** By how much a share may differ, as a part of it. Default 0.1. */
  readonly tolerance?: number;
  /** A batch whose key is made of a number. Default: one span whose trace id is made of it. */
  readonly batchOf?: (key: number) => Batch;
}

/**
 * Proves that something is a {@link Balancer}. What is random inside should be seeded by `make`.
 *
 * ```ts no-run
 * balancerCases({ it }, () => myBalancer({ random: seeded(1).random }), { shares: "by weight" });
 * ```
 */
export function balancerCases(runner: Runner, make: () => Balancer, options: BalancerCaseOptions): void {
  const { shares, tolerance = 0.1 } = options;
  const batchOf = remembering(options.batchOf ?? oneSpan);
  const cases = [...casesOfAll(make, batchOf), ...casesOfShares(make, shares, tolerance, batchOf)];
  if (shares === "by key") cases.push(...casesOfKeys(make, tolerance, batchOf));
  if (make().split !== undefined) cases.push(...casesOfSplit(make));
  register(runner, cases, options);
}

type BatchOf = (key: number) => Batch;

function casesOfAll(make: () => Balancer, batchOf: BatchOf): Case[] {
  return [
    {
      name: "has a name",
      run: async () => check(make().name !== "", "the name is not empty"),
    },
    {
      name: "chooses nobody when there is nobody",
      run: async () => {
        const balancer = make();
        equal(balancer.pick([], batchOf(1)), undefined, "the choice from an empty list");
        equal(balancer.split?.([], batchOf(1)).size ?? 0, 0, "parts for nobody");
      },
    },
    {
      name: "chooses the only one",
      run: async () => {
        const balancer = make();
        const list = candidatesOf([1]);
        for (let key = 0; key < 10; key++) equal(balancer.pick(list, batchOf(key))?.id, "node-000", "the choice");
      },
    },
    {
      name: "chooses from the list that it is given, whatever it was given before",
      run: async () => {
        const balancer = make();
        const random = randomFrom(1);
        const all = candidatesOf(Array<number>(12).fill(1));
        for (let round = 0; round < 500; round++) {
          const list = all.filter(() => random.next() < 0.5);
          const chosen = balancer.pick(list, batchOf(round));
          check(list.length === 0 ? chosen === undefined : list.includes(chosen as Candidate), "it is one of the list");
        }
      },
    },
    {
      name: "finds another when the first choice was tried in vain",
      run: async () => {
        const balancer = make();
        const list = candidatesOf([1, 2, 3, 1, 2]);
        for (let key = 0; key < 50; key++) {
          let left: readonly Candidate[] = list;
          while (left.length > 0) {
            const chosen = balancer.pick(left, batchOf(key));
            check(chosen !== undefined && left.includes(chosen), "somebody is chosen while there is somebody");
            left = left.filter((candidate) => candidate !== chosen);
          }
        }
      },
    },
    {
      name: "leaves the list and its members as they are",
      run: async () => {
        const balancer = make();
        const list = Object.freeze(candidatesOf([1, 2, 3]).map((candidate) => Object.freeze(candidate)));
        for (let key = 0; key < 20; key++) balancer.pick(list, batchOf(key));
      },
    },
    {
      name: "chooses among those who all weigh nothing",
      run: async () => {
        const counts = count(make(), candidatesOf([0, 0, 0]), 300, batchOf);
        check(Math.min(...counts.values()) > 0 && counts.size === 3, "everyone is chosen now and then");
      },
    },
    {
      name: "looks at each candidate a few times at most",
      run: async () => {
        const balancer = make();
        const reads = { count: 0 };
        const list = candidatesOf(Array<number>(1_000).fill(1)).map((candidate) => counting(candidate, reads));
        balancer.pick(list, batchOf(0));
        reads.count = 0;
        for (let key = 0; key < 20; key++) balancer.pick(list, batchOf(key));
        const perPick = reads.count / 20;
        check(perPick <= 8_000, `a choice among 1,000 reads ${perPick} values of candidates, no more than 8,000`);
      },
    },
  ];
}

function casesOfShares(
  make: () => Balancer,
  shares: BalancerCaseOptions["shares"],
  tolerance: number,
  batchOf: BatchOf,
): Case[] {
  const shared = async (weights: readonly number[]): Promise<void> => {
    const picks = shares === "by key" ? 6_000 : 20_000;
    const counts = count(make(), candidatesOf(weights), picks, batchOf, shares === "by key");
    const wanted = shares === "evenly" ? weights.map(() => 1) : weights;
    const total = wanted.reduce((sum, weight) => sum + weight, 0);
    for (const [index, weight] of wanted.entries()) {
      const expected = (picks * weight) / total;
      const actual = counts.get(idOf(index)) ?? 0;
      const error = Math.abs(actual / expected - 1);
      check(error <= tolerance, `share ${index} of ${weights.join(":")} is ${expected}; it is ${actual}`);
    }
  };
  return [
    {
      name: "gives everyone an equal share when all weigh the same",
      run: () => shared(Array<number>(10).fill(1)),
    },
    {
      name: shares === "evenly" ? "does not mind weights" : "gives everyone a share of its weight",
      run: () => shared([1, 2, 4]),
    },
  ];
}

function casesOfKeys(make: () => Balancer, tolerance: number, batchOf: BatchOf): Case[] {
  const keys = 3_000;
  const owners = (balancer: Balancer, list: readonly Candidate[]): (string | undefined)[] =>
    Array.from({ length: keys }, (_, key) => balancer.pick(list, batchOf(key))?.id);

  return [
    {
      name: "gives a key to the same endpoint every time, in every instance",
      run: async () => {
        const list = candidatesOf([1, 2, 3, 1]);
        const balancer = make();
        const before = owners(balancer, list);
        equal(owners(balancer, list), before, "the owners when asked again");
        equal(owners(make(), candidatesOf([1, 2, 3, 1])), before, "the owners in another instance");
      },
    },
    {
      name: "moves no keys but those of an endpoint that goes",
      run: async () => {
        const balancer = make();
        const list = candidatesOf(Array<number>(10).fill(1));
        const before = owners(balancer, list);
        const after = owners(
          balancer,
          list.filter(({ id }) => id !== idOf(4)),
        );
        for (let key = 0; key < keys; key++) {
          check(before[key] === idOf(4) || before[key] === after[key], `key ${key} stays where it is`);
        }
      },
    },
    {
      name: "moves keys to an endpoint that comes, its share and no others",
      run: async () => {
        const balancer = make();
        const list = candidatesOf(Array<number>(11).fill(1));
        const before = owners(balancer, list.slice(0, 10));
        const after = owners(balancer, list);
        let moved = 0;
        for (let key = 0; key < keys; key++) {
          if (before[key] === after[key]) continue;
          check(after[key] === idOf(10), `key ${key} moves to the new endpoint or not at all`);
          moved++;
        }
        const share = moved / keys;
        check(share <= (1 + 2 * tolerance) / 11 + 0.01, `about an eleventh moves, not ${share}`);
      },
    },
  ];
}

function casesOfSplit(make: () => Balancer): Case[] {
  const list = candidatesOf([1, 1, 2, 4, 1]);
  const batches = (): readonly Batch[] => {
    const data = seeded(3);
    return [data.traces({ items: 200 }), data.logs({ items: 60 }), data.metrics({ items: 60 })];
  };
  return [
    {
      name: "cuts a batch into parts for its candidates that hold each item once",
      run: async () => {
        const balancer = make();
        for (const batch of batches()) {
          const parts = [...(balancer.split?.(list, batch) ?? [])];
          check(
            parts.every(([candidate]) => list.includes(candidate)),
            "parts are for candidates",
          );
          const items = parts.reduce((sum, [, part]) => sum + part.items, 0);
          equal(items, batch.items, `${batch.signal} in all parts`);
          const ids = parts.flatMap(([, part]) => itemIds(part.signal, part.body));
          equal(ids.toSorted(), itemIds(batch.signal, batch.body).toSorted(), `ids of ${batch.signal}`);
        }
      },
    },
    {
      name: "gives a part again to the one whom it was cut for",
      run: async () => {
        const balancer = make();
        for (const batch of batches()) {
          for (const [candidate, part] of balancer.split?.(list, batch) ?? []) {
            const again = [...(balancer.split?.(list, part) ?? [])];
            equal(
              again.map(([one]) => one.id),
              [candidate.id],
              `the owner of a part of ${batch.signal}`,
            );
          }
        }
      },
    },
  ];
}

/** Candidates that have nothing to do and were never measured. */
function candidatesOf(weights: readonly number[]): Candidate[] {
  return weights.map((weight, index) => ({
    endpoint: { url: `http://${idOf(index)}:4317`, id: idOf(index), weight },
    id: idOf(index),
    weight,
    inFlight: 0,
    latencyMs: undefined,
  }));
}

function idOf(index: number): string {
  return `node-${String(index).padStart(3, "0")}`;
}

function count(
  balancer: Balancer,
  list: readonly Candidate[],
  picks: number,
  batchOf: BatchOf,
  hasKeys = true,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let key = 0; key < picks; key++) {
    // Without a key any batch will do, and there need not be so many.
    const id = balancer.pick(list, batchOf(hasKeys ? key : 0))?.id ?? "nobody";
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** The same candidate, and every look at it is counted. */
function counting(candidate: Candidate, reads: { count: number }): Candidate {
  return new Proxy(candidate, {
    get(target, property) {
      reads.count++;
      return Reflect.get(target, property) as unknown;
    },
  });
}

/** Makes each batch once. */
function remembering(batchOf: BatchOf): BatchOf {
  const made = new Map<number, Batch>();
  return (key) => {
    const batch = made.get(key) ?? batchOf(key);
    made.set(key, batch);
    return batch;
  };
}

/** A span with nothing but ids, the trace id made of a number. */
function oneSpan(key: number): Batch {
  const traceId = randomFrom(key).bytes(16);
  const to = protobufWriter(128);
  to.message(1, () => to.message(2, () => to.message(2, () => to.bytes(1, traceId))));
  return protobufBatch("traces", to.finish(), 1);
}
