import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fairBudget, type FairBudgetOptions } from "./fair-budget.ts";

describe("fairBudget", () => {
  it("lets a lone tenant hold everything but the headroom", () => {
    const { budget } = setUp({ maxBytes: 100, headroom: 0.2 });
    expect(budget.reserve(80, "noisy")).toBe(true);
    expect(budget.reserve(1, "noisy")).toBe(false);
    expect(budget.largestBytes).toBe(80);
  });

  it("keeps nothing back where it is told that there is one tenant", () => {
    const { budget } = setUp({ maxBytes: 100, headroom: 0 });
    expect(budget.reserve(100)).toBe(true);
    expect(budget.reserve(1)).toBe(false);
    budget.release(100);
    expect(budget.usedBytes).toBe(0);
  });

  it("refuses alone who holds more than its share, and gives others the headroom", () => {
    const { budget } = setUp({ maxBytes: 100, headroom: 0.2 });
    budget.reserve(80, "noisy");
    expect(budget.reserve(15, "quiet")).toBe(true);
    expect(budget.reserve(1, "noisy")).toBe(false);
    budget.release(10, "noisy");
    expect(budget.reserve(1, "noisy")).toBe(false);
    expect(budget.reserve(15, "quiet")).toBe(true);
  });

  it("divides by weight what all want", () => {
    const weights = { a: 2, c: 0.5 };
    const { budget } = setUp({ maxBytes: 1_000_000, headroom: 0.2, weights });
    const held = compete(budget, ["a", "b", "c"], 100_000, 1000);
    expect(held["a"]).toBeCloseTo((800_000 * 2) / 3.5, -4);
    expect(held["b"]).toBeCloseTo(800_000 / 3.5, -4);
    expect(held["c"]).toBeCloseTo((800_000 * 0.5) / 3.5, -4);
  });

  it("lends what others leave, and takes it back when they come", () => {
    const { budget } = setUp({ maxBytes: 100, headroom: 0.2 });
    budget.reserve(2, "quiet");
    for (let n = 0; n < 78; n++) expect(budget.reserve(1, "noisy")).toBe(true);
    expect(budget.reserve(1, "noisy")).toBe(false);
    expect(budget.reserve(20, "quiet")).toBe(true);
    budget.release(18, "noisy");
    expect(budget.reserve(1, "noisy")).toBe(false);
    expect(budget.reserve(18, "quiet")).toBe(true);
  });

  it("sees to it that something larger than the headroom gets in, though another takes whatever comes back", () => {
    const { budget, pass } = setUp({ maxBytes: 1000, headroom: 0.1 });
    const fill = (): void => {
      while (budget.reserve(10, "noisy"));
    };
    fill();
    expect(budget.reserve(300, "quiet")).toBe(false);
    let waits = 0;
    for (let inside = false; !inside && waits < 5; waits++) {
      const untilMs = budget.retryAfterMs(300, "quiet");
      for (let passedMs = 0; passedMs < untilMs; passedMs += 10) {
        pass(10);
        budget.release(10, "noisy");
        fill();
      }
      inside = budget.reserve(300, "quiet");
    }
    expect(waits).toBeLessThan(3);
  });

  it("lends again when who was owed does not come back", () => {
    const { budget, pass } = setUp({ maxBytes: 1000, headroom: 0.1 });
    while (budget.reserve(10, "noisy"));
    budget.reserve(300, "quiet");
    const waitMs = budget.retryAfterMs(300, "quiet");
    budget.release(10, "noisy");
    expect(budget.reserve(10, "noisy")).toBe(false);
    pass(2 * waitMs + 2001);
    expect(budget.reserve(10, "noisy")).toBe(true);
  });

  it("counts those it can't remember as one", () => {
    const { budget } = setUp({ maxBytes: 1000, headroom: 0.5, maxTenants: 2 });
    for (const tenant of ["a", "b", "c", "d", "e"]) budget.reserve(100, tenant);
    // a, b, and the others with 300 already
    expect(budget.reserve(100, "a")).toBe(false);
    expect(budget.reserve(60, "a")).toBe(true);
    expect(budget.reserve(1, "c")).toBe(false);
    for (const tenant of ["a", "b", "c", "d", "e"]) budget.release(100, tenant);
    budget.release(60, "a");
    expect(budget.usedBytes).toBe(0);
    // now there is room for other names
    expect(budget.reserve(500, "f")).toBe(true);
    expect(budget.reserve(1, "f")).toBe(false);
    expect(budget.reserve(200, "g")).toBe(true);
  });

  it("refuses options that make no sense", () => {
    expect(() => fairBudget({ maxBytes: 1, headroom: 1 })).toThrow(/headroom/);
    expect(() => fairBudget({ maxBytes: 1, weights: { a: 0 } })).toThrow(/weights/);
    expect(() => fairBudget({ maxBytes: 1, maxTenants: 0 })).toThrow(/maxTenants/);
    expect(() => fairBudget({ maxBytes: 1, minRetryAfterMs: 0 })).toThrow(/minRetryAfterMs/);
    expect(() => fairBudget({ maxBytes: 1, maxRetryAfterMs: 10 })).toThrow(/maxRetryAfterMs/);
  });
});

describe("fairBudget, whatever is asked of it", () => {
  const names = ["a", "b", "c", "d"];
  const operation = fc.record({
    tenant: fc.constantFrom(...names),
    bytes: fc.integer({ min: 1, max: 400 }),
    kind: fc.constantFrom("take", "take", "give", "pass"),
    asks: fc.boolean(),
  });

  it("never holds more than the bound, never lends the headroom, and gets everything back", () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 200 }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        fc.integer({ min: 1, max: 5 }),
        (operations, headroom, maxTenants) => {
          const maxBytes = 1000;
          const { budget, pass } = setUp({ maxBytes, headroom, maxTenants, weights: { a: 3, d: 0.25 } });
          const held: { tenant: string; bytes: number }[] = [];
          const sum = (of?: string): number =>
            held.reduce((total, { tenant, bytes }) => total + (of === undefined || of === tenant ? bytes : 0), 0);
          for (const { tenant, bytes, kind, asks } of operations) {
            if (kind === "take") {
              if (budget.reserve(bytes, tenant)) held.push({ tenant, bytes });
              else if (asks) expect(budget.retryAfterMs(bytes, tenant)).toBeGreaterThanOrEqual(100);
            } else if (kind === "give") {
              const index = held.findIndex((one) => one.tenant === tenant);
              const [given] = index < 0 ? [] : held.splice(index, 1);
              if (given !== undefined) budget.release(given.bytes, tenant);
            } else {
              pass(bytes * 10);
            }
            expect(budget.usedBytes).toBe(sum());
            expect(budget.usedBytes).toBeLessThanOrEqual(maxBytes);
            expect(sum(tenant)).toBeLessThanOrEqual(budget.largestBytes);
          }
          for (const { tenant, bytes } of held) budget.release(bytes, tenant);
          expect(budget.usedBytes).toBe(0);
          pass(1e6);
          expect(budget.reserve(budget.largestBytes, "a")).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("refuses nobody who stays within its share and, with the others who do, within the headroom", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const { budget, pass } = setUp({ maxBytes: 1000, headroom: 0.3 });
        // Three of at most 100 each: less than the 175 that four are entitled to, and together the headroom.
        const held: Record<string, number[]> = { a: [], b: [], c: [], d: [] };
        for (const { tenant, bytes, kind } of operations) {
          const own = held[tenant] as number[];
          if (kind === "pass") pass(bytes);
          else if (kind === "give" && own.length > 0) budget.release(own.pop() as number, tenant);
          else if (tenant === "a") {
            if (budget.reserve(bytes, "a")) own.push(bytes);
            else budget.retryAfterMs(bytes, "a");
          } else {
            const size = Math.min(bytes, 100 - own.reduce((sum, one) => sum + one, 0));
            if (size <= 0) continue;
            expect(budget.reserve(size, tenant)).toBe(true);
            own.push(size);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("starves nobody who asks for no more than its share and comes back when told", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0.05, max: 0.6, noNaN: true }),
        (greedy, part, headroom) => {
          const { budget, pass } = setUp({ maxBytes: 10_000, headroom });
          const bytes = Math.floor((budget.largestBytes / (greedy + 1)) * (part / 100));
          const tenants = Array.from({ length: greedy }, (_, n) => `greedy-${n}`);
          const held = new Map(tenants.map((tenant) => [tenant, 0]));
          const fill = (): void => {
            for (let more = true; more;) {
              more = false;
              for (const tenant of tenants) {
                if (!budget.reserve(50, tenant)) continue;
                held.set(tenant, (held.get(tenant) as number) + 50);
                more = true;
              }
            }
          };
          fill();
          let tries = 0;
          while (!budget.reserve(bytes, "late")) {
            expect(++tries).toBeLessThan(20);
            const untilMs = budget.retryAfterMs(bytes, "late");
            for (let passedMs = 0; passedMs < untilMs; passedMs += 50) {
              pass(50);
              for (const tenant of tenants) {
                if ((held.get(tenant) as number) === 0) continue;
                held.set(tenant, (held.get(tenant) as number) - 50);
                budget.release(50, tenant);
              }
              fill();
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("the wait that a fairBudget asks for", () => {
  it("is a second while nothing is known", () => {
    const { budget } = setUp({ maxBytes: 100, headroom: 0 });
    budget.reserve(100, "a");
    expect(budget.retryAfterMs(50, "a")).toBe(1000);
  });

  it("is what the tenant's bytes need to go, as fast as they have been going", () => {
    const { budget } = busy();
    // 10 bytes a ms have been going, 20,000 are too many
    expect(budget.retryAfterMs(20_000, "a")).toBe(2000);
  });

  it("grows with what was refused before, and shrinks as time passes", () => {
    const { budget, pass } = busy();
    const waits = [1, 2, 3].map(() => budget.retryAfterMs(10_000, "a"));
    expect(waits).toEqual([1000, 2000, 3000]);
    pass(2000);
    budget.release(20_000, "a");
    budget.reserve(20_000, "a");
    expect(budget.retryAfterMs(10_000, "a")).toBe(2000);
  });

  it("takes no notice of reservations that were corrected", () => {
    const { budget, pass } = busy();
    pass(1000);
    budget.release(10_000, "a");
    expect(budget.reserve(10_000, "a")).toBe(true);
    pass(1000);
    expect(budget.reserve(-50_000, "a")).toBe(true);
    budget.release(10_000, "a");
    expect(budget.reserve(60_000, "a")).toBe(true);
    expect(budget.usedBytes).toBe(100_000);
    expect(budget.retryAfterMs(20_000, "a")).toBe(2000);
  });

  it("grows while nothing moves, up to its bound", () => {
    const { budget, pass } = busy();
    pass(20_000);
    expect(budget.retryAfterMs(10_000, "a")).toBe(25_000);
    expect(budget.retryAfterMs(10_000_000, "a")).toBe(25_000);
  });

  it("is not below its bound", () => {
    const { budget } = busy();
    expect(budget.retryAfterMs(1, "a")).toBe(100);
  });

  it("is up to a fifth longer, by chance, and never above the bound", () => {
    for (const [random, waitMs] of [
      [0.5, 2200],
      [0.99, 2396],
    ] as const) {
      const { budget } = busy({ random: () => random });
      expect(budget.retryAfterMs(20_000, "a")).toBe(waitMs);
      expect(budget.retryAfterMs(10_000_000, "a")).toBeLessThanOrEqual(30_000);
    }
  });

  it("is each tenant's own", () => {
    const { budget, pass } = setUp({ maxBytes: 100_000, headroom: 0.2 });
    budget.reserve(39_000, "slow");
    budget.reserve(39_000, "fast");
    pass(1000);
    budget.release(1000, "slow");
    budget.release(20_000, "fast");
    budget.reserve(1000, "slow");
    budget.reserve(20_000, "fast");
    expect(budget.retryAfterMs(10_000, "fast")).toBe(500);
    expect(budget.retryAfterMs(10_000, "slow")).toBe(10_000);
  });
});

function setUp(options: FairBudgetOptions): { budget: ReturnType<typeof fairBudget>; pass: (ms: number) => void } {
  let nowMs = 0;
  const budget = fairBudget({ now: () => nowMs, random: () => 0, ...options });
  return { budget, pass: (ms) => void (nowMs += ms) };
}

/** Full, with one tenant whose bytes go at 10 a ms. */
function busy(options: Partial<FairBudgetOptions> = {}): ReturnType<typeof setUp> {
  const made = setUp({ maxBytes: 100_000, headroom: 0, ...options });
  made.budget.reserve(100_000, "a");
  made.pass(1000);
  made.budget.release(10_000, "a");
  made.budget.reserve(10_000, "a");
  return made;
}

/** All take what they get, in turn, and give it back a little later. */
function compete(
  budget: ReturnType<typeof fairBudget>,
  tenants: readonly string[],
  rounds: number,
  bytes: number,
): Record<string, number> {
  const held = Object.fromEntries(tenants.map((tenant) => [tenant, 0]));
  const line: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const tenant = tenants[round % tenants.length] as string;
    if (budget.reserve(bytes, tenant)) {
      line.push(tenant);
      held[tenant] = (held[tenant] as number) + bytes;
    } else {
      const oldest = line.shift() as string;
      budget.release(bytes, oldest);
      held[oldest] = (held[oldest] as number) - bytes;
    }
  }
  return held;
}
