import { accepted, byteBudget } from "@otlpkit/core";
import { middlewareCases, recordingSender, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { memoryLimiter, memoryLimiterProcessor } from "./memory-limiter.ts";

const batch = seeded(1).traces({ items: 1 });

middlewareCases({ it }, () => memoryLimiter(1, 1000, () => 0, byteBudget(1)));

describe("memoryLimiter", () => {
  it("refuses kindly while too much is used, and looks only now and then", async () => {
    let [used, nowMs, looks] = [50, 0, 0];
    const read = (): number => (looks++, used);
    const end = recordingSender();
    const sender = memoryLimiter(100, 1000, read, byteBudget(1), () => nowMs)(end);
    expect(await sender.send(batch, {})).toBe(accepted);
    used = 101;
    expect(await sender.send(batch, {})).toBe(accepted);
    nowMs = 1000;
    const refusal = { code: "overloaded", retryable: true, retryAfterMs: 1000 };
    await expect(sender.send(batch, {})).rejects.toMatchObject(refusal);
    // By then somebody has looked again.
    nowMs = 1400;
    await expect(sender.send(batch, {})).rejects.toMatchObject({ retryAfterMs: 600 });
    used = 50;
    nowMs = 2000;
    expect(await sender.send(batch, {})).toBe(accepted);
    expect([looks, end.batches.length]).toEqual([3, 3]);
  });

  it("asks for as long as the relay needs to deliver so much, if that takes longer", async () => {
    const busy = { retryAfterMs: (bytes: number) => 10 * bytes };
    const sender = memoryLimiter(100, 1000, () => 101, busy)(recordingSender());
    const retryAfterMs = 10 * batch.body.byteLength;
    expect(retryAfterMs).toBeGreaterThan(1000);
    await expect(sender.send(batch, {})).rejects.toMatchObject({ retryAfterMs });
  });

  const messageOf = (value: unknown): unknown => {
    const result = memoryLimiterProcessor.config["~standard"].validate(value);
    return "issues" in result ? result.issues?.[0]?.message : undefined;
  };

  it.each([
    [{ check_interval: "1s" }, "needs limit_mib or limit_percentage"],
    [{ limit_mib: 100 }, "check_interval must be above 0; 1s is a good value"],
    [{ check_interval: "1s", limit_mib: 100, spike_limit_mib: 100 }, "the spike must be below the limit"],
    [{ check_interval: "1s", limit_mib: 100, spike_limit_mib: 20 }, undefined],
    [{ check_interval: "1s", limit_percentage: 80, spike_limit_percentage: 15 }, undefined],
  ])("reads %j", (value, message) => {
    expect(messageOf(value)).toBe(message);
  });
});
