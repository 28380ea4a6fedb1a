import { type Ack, accepted, ExportError } from "@otlpkit/core";
import { recordingSender, type Reply, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { fanOut } from "./fan-out.ts";

const batch = seeded(1).traces({ items: 10 });
const later = (retryAfterMs = 0): ExportError =>
  new ExportError("unavailable", "down", { retryAfterMs, grpcStatus: 14 });
const never = new ExportError("invalid", "malformed", { grpcStatus: 3 });
const partly = (rejectedItems: number, message: string): Ack => ({ rejectedItems, message });

function branches(...replies: readonly Reply[]) {
  const senders = replies.map((reply) => {
    const sender = recordingSender();
    sender.script(reply);
    return sender;
  });
  return { senders, all: fanOut(senders.map((sender, index) => ({ id: `d${index + 1}`, sender }))) };
}

describe("fanOut", () => {
  it("gives every branch the same bytes, without a copy (H-06)", async () => {
    const { all, senders } = branches(accepted, accepted);
    expect(await all.send(batch, {})).toEqual({ rejectedItems: 0, message: "" });
    for (const sender of senders) expect(sender.batches[0]?.body).toBe(batch.body);
  });

  it.each([
    [
      "success and a retryable failure",
      [accepted, later(5000)],
      { code: "unavailable", retryable: true, retryAfterMs: 5000 },
    ],
    ["success and a permanent failure", [accepted, never], { code: "invalid", retryable: false, grpcStatus: 3 }],
    ["a permanent and a retryable failure", [never, later()], { code: "unavailable", retryable: true }],
    ["two retryable failures", [later(1000), later(9000)], { retryable: true, retryAfterMs: 9000 }],
    ["two permanent failures", [never, new ExportError("forbidden", "no")], { code: "invalid", retryable: false }],
    ["a partial success and a retryable failure", [partly(3, "old"), later()], { retryable: true }],
  ] as const)("answers %s with what loses nothing", async (_name, replies, error) => {
    const { all, senders } = branches(...replies);
    await expect(all.send(batch, {})).rejects.toMatchObject(error);
    for (const sender of senders) expect(sender.batches).toHaveLength(1);
  });

  it("says which destination failed, and how many", async () => {
    const { all } = branches(accepted, later(), accepted);
    await expect(all.send(batch, {})).rejects.toThrow("1 of 3 destinations failed; d2: down");
  });

  it("reports the largest partial rejection, with the names of those who had something to say", async () => {
    const { all } = branches(partly(3, "too old"), accepted, partly(1, "too long"));
    expect(await all.send(batch, {})).toEqual({ rejectedItems: 3, message: "d1: too old; d3: too long" });
  });

  it("does not let a branch that hangs keep data from the others (H-05)", async () => {
    const { all, senders } = branches("hang", accepted);
    const giveUp = new AbortController();
    const sending = all.send(batch, { signal: giveUp.signal });
    const outcome = expect(sending).rejects.toMatchObject({ code: "cancelled" });
    expect(senders[1]?.batches).toHaveLength(1);
    giveUp.abort();
    await outcome;
  });

  it("is the branch itself when there is only one", () => {
    const sender = recordingSender();
    expect(fanOut([{ id: "only", sender }])).toBe(sender);
  });

  it("closes every branch", async () => {
    const { all, senders } = branches(accepted, accepted);
    await all.close();
    expect(senders.every(({ closed }) => closed)).toBe(true);
  });
});
