import { fakeClock } from "@otlpkit/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timeOf } from "../time.ts";
import type { Applications, Instance } from "./applications.ts";
import { known } from "./known.ts";

const up = (instanceId: string): Instance => ({ instanceId, status: "UP" });

describe("what is known of a registry", () => {
  it("keeps for a while who is missing without having been taken away", async () => {
    const clock = fakeClock();
    const memory = known(1_000, timeOf(clock));
    const ids = (): unknown[] => memory.of("APP").map(({ instanceId }) => instanceId);
    memory.replace(applications([up("a"), up("b")]));
    expect(memory.nextLossMs).toBeUndefined();
    await clock.advance(100);
    memory.replace(applications([up("b")]));
    expect(ids()).toEqual(["b", "a"]);
    await clock.advance(400);
    memory.replace(applications([up("b")]));
    expect(memory.nextLossMs).toBe(600);
    await clock.advance(600);
    expect(ids()).toEqual(["b"]);
    expect(memory.nextLossMs).toBeUndefined();
  });

  it("gives up at once who was taken away, and takes back who comes again", () => {
    const memory = known(1_000, timeOf(fakeClock()));
    memory.replace(applications([up("a"), up("b")]));
    expect(memory.apply({ ...applications([{ ...up("a"), actionType: "DELETED" }]), hash: "UP_1_" })).toBe(true);
    expect(memory.of("APP")).toEqual([up("b")]);
    memory.replace(applications([]));
    memory.replace(applications([up("b")]));
    expect(memory.of("APP")).toEqual([up("b")]);
    expect(memory.nextLossMs).toBeUndefined();
  });

  it("comes to what the server has by any changes, however often they are repeated", () => {
    const change = fc.record({
      id: fc.constantFrom("a", "b", "c", "d"),
      status: fc.constantFrom("UP", "DOWN", "STARTING"),
      actionType: fc.constantFrom("ADDED", "MODIFIED", "DELETED"),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (changes, window) => {
        const memory = known(0, timeOf(fakeClock()));
        const server = new Map<string, Instance>();
        const sent: Instance[] = [];
        for (const { id, status, actionType } of changes) {
          const instance = { instanceId: id, status };
          if (actionType === "DELETED") server.delete(id);
          else server.set(id, instance);
          sent.push({ ...instance, actionType });
          expect(memory.apply({ ...applications(sent.slice(-window)), hash: hashOf([...server.values()]) })).toBe(true);
          const plain = memory.of("APP").map(({ instanceId, status: shown }) => [instanceId, shown]);
          expect(new Map(plain as [string, string][])).toEqual(
            new Map([...server].map(([key, value]) => [key, value.status])),
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});

function applications(instances: readonly Instance[]): Applications {
  return {
    hash: hashOf(instances),
    instances: instances.map((instance) => ({ app: "APP", id: instance.instanceId ?? "", instance })),
  };
}

function hashOf(instances: readonly Instance[]): string {
  return ["DOWN", "STARTING", "UP"]
    .map((status) => [status, instances.filter((instance) => instance.status === status).length] as const)
    .flatMap(([status, count]) => (count === 0 ? [] : [`${status}_${count}_`]))
    .join("");
}
