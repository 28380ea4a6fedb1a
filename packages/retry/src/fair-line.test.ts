import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FairLine, fairLine } from "./index.ts";

describe("fairLine", () => {
  it("calls nobody when nobody waits", () => {
    const line = fairLine();
    line.callNext();
    expect(line.length).toBe(0);
  });

  it("calls those of one tenant in the order in which they came", () => {
    const { called, join, line } = setUp();
    for (let n = 0; n < 5; n++) join("a", 1000 - n);
    callAll(line);
    expect(called).toEqual([0, 1, 2, 3, 4]);
  });

  it("lets a newcomer pass a long line of another tenant", () => {
    const { called, join, line } = setUp();
    for (let n = 0; n < 100; n++) join("noisy", 1000);
    for (let n = 0; n < 10; n++) line.callNext();
    const quiet = join("quiet", 1000);
    line.callNext();
    line.callNext();
    expect(called.slice(10)).toContain(quiet);
  });

  it("gives no credit for the time that a tenant did not wait", () => {
    const { called, join, line } = setUp();
    for (let n = 0; n < 50; n++) join("steady", 1000);
    for (let n = 0; n < 40; n++) line.callNext();
    for (let n = 0; n < 50; n++) join("late", 1000);
    for (let n = 0; n < 20; n++) line.callNext();
    // Ten each, and not twenty for the late one.
    expect(called.slice(40).filter((id) => id < 50)).toHaveLength(10);
  });

  it("forgets who has left, and calls the others", () => {
    const { called, join, leave, line } = setUp();
    const [first, second, third] = [join("a", 1), join("a", 1), join("b", 1)];
    leave(first);
    leave(first);
    expect(line.length).toBe(2);
    callAll(line);
    expect(new Set(called)).toEqual(new Set([second, third]));
  });

  it("gives each tenant its weight's part of the bytes while all wait, give or take one turn", () => {
    const tenant = fc.record({ weight: fc.integer({ min: 1, max: 5 }), bytes: fc.integer({ min: 1, max: 1000 }) });
    fc.assert(
      fc.property(fc.array(tenant, { minLength: 2, maxLength: 5 }), (tenants) => {
        const weights = Object.fromEntries(tenants.map(({ weight }, number) => [`t${number}`, weight]));
        const line = fairLine(weights);
        const served = tenants.map(() => 0);
        const waiting = tenants.map(() => 0);
        const fill = (): void => {
          for (const [number, { bytes }] of tenants.entries()) {
            while ((waiting[number] as number) < 3) {
              waiting[number] = (waiting[number] as number) + 1;
              line.join(`t${number}`, bytes, () => {
                served[number] = (served[number] as number) + bytes;
                waiting[number] = (waiting[number] as number) - 1;
              });
            }
          }
        };
        for (let turn = 0; turn < 500; turn++) {
          fill();
          line.callNext();
        }
        const shares = tenants.map(({ weight }, number) => (served[number] as number) / weight);
        const oneTurn = Math.max(...tenants.map(({ bytes, weight }) => bytes / weight));
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(2 * oneTurn);
      }),
      { numRuns: 50 },
    );
  });
});

function setUp() {
  const line = fairLine();
  const called: number[] = [];
  const leaves: (() => void)[] = [];
  const join = (tenant: string, bytes: number): number => {
    const id = leaves.length;
    leaves.push(line.join(tenant, bytes, () => called.push(id)));
    return id;
  };
  return { line, called, join, leave: (id: number) => leaves[id]?.() };
}

function callAll(line: FairLine): void {
  while (line.length > 0) line.callNext();
}
