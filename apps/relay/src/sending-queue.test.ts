import { accepted, byteBudget, ExportError, type Sender } from "@otlpkit/core";
import { middlewareCases, recordingSender, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { sendingQueue, type SendingQueueOptions } from "./sending-queue.ts";

const batch = seeded(1).traces({ items: 10 });

function queued(options: Partial<SendingQueueOptions> = {}) {
  const abandon = new AbortController();
  const budget = byteBudget(1_000_000);
  const end = recordingSender();
  const dropped: { items: number; error: ExportError }[] = [];
  const sender: Sender = sendingQueue({
    consumers: 1,
    capacity: 2,
    sizer: "requests",
    blockWhenFull: false,
    waitForResult: true,
    budget,
    abandoned: abandon.signal,
    onDropped: ({ items }, error) => void dropped.push({ items, error }),
    ...options,
  })(end);
  return { abandon, budget, dropped, end, sender };
}

/** A reply that comes when `release` is called. */
function gate() {
  let release: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (release = resolve));
  return { release, reply: async () => (await opened, accepted) };
}

/** Lets everything that can happen by itself happen. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

middlewareCases({ it }, () =>
  sendingQueue({
    consumers: 10,
    capacity: 1000,
    sizer: "requests",
    blockWhenFull: false,
    waitForResult: true,
    budget: byteBudget(1e9),
    abandoned: new AbortController().signal,
  }),
);

describe("sendingQueue", () => {
  it("sends no more than its consumers at a time, and then the next", async () => {
    const { end, sender } = queued({ consumers: 2, capacity: 10 });
    const held = gate();
    end.script(held.reply);
    const sends = [1, 2, 3, 4, 5].map(() => sender.send(batch, {}));
    await settled();
    expect(end.underWay).toBe(2);
    held.release();
    await Promise.all(sends);
    expect([end.batches.length, end.maxUnderWay]).toEqual([5, 2]);
  });

  it("refuses kindly when it is full", async () => {
    const { end, sender } = queued();
    const held = gate();
    end.script(held.reply);
    const taken = [sender.send(batch, {}), sender.send(batch, {})];
    const refusal = await sender.send(batch, {}).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "overloaded", retryable: true });
    // A second while nothing is known, and a little more by chance.
    expect((refusal as ExportError).retryAfterMs).toBeGreaterThanOrEqual(1000);
    held.release();
    await Promise.all(taken);
    expect(await sender.send(batch, {})).toBe(accepted);
  });

  it("refuses only the tenant that fills it, and lets tenants take turns", async () => {
    const { end, sender } = queued({ capacity: 10, weights: {} });
    const held = gate();
    end.script(held.reply);
    const of = (tenant: string) => sender.send({ ...batch, tenant }, {});
    const noisy = Array.from({ length: 8 }, () => of("noisy"));
    await expect(of("noisy")).rejects.toMatchObject({ code: "overloaded" });
    const quiet = [of("quiet"), of("quiet")];
    held.release();
    await Promise.all([...noisy, ...quiet]);
    const order = end.batches.map(({ tenant }) => tenant);
    expect(order.slice(0, 5).filter((tenant) => tenant === "quiet")).toHaveLength(2);
  });

  it("makes senders wait instead, when told to", async () => {
    const { end, sender } = queued({ blockWhenFull: true });
    const held = gate();
    end.script(held.reply);
    const sends = [1, 2, 3, 4].map(() => sender.send(batch, {}));
    await settled();
    expect(end.batches).toHaveLength(1);
    held.release();
    await Promise.all(sends);
    expect(end.batches).toHaveLength(4);
  });

  it.each(["items", "bytes"] as const)("counts its content in %s", async (sizer) => {
    const own = sizer === "items" ? batch.items : batch.body.byteLength;
    const { end, sender } = queued({ sizer, capacity: 2 * own });
    const held = gate();
    end.script(held.reply);
    const taken = [sender.send(batch, {}), sender.send(batch, {})];
    await expect(sender.send(batch, {})).rejects.toMatchObject({ code: "overloaded" });
    held.release();
    await Promise.all(taken);
  });

  it("lets a batch through that is larger than the whole queue, when it is empty", async () => {
    const { sender } = queued({ sizer: "bytes", capacity: 1 });
    expect(await sender.send(batch, {})).toBe(accepted);
  });

  it("forgets who gave up while waiting", async () => {
    const { end, sender } = queued({ capacity: 5 });
    const held = gate();
    end.script(held.reply);
    const first = sender.send(batch, {});
    const giveUp = new AbortController();
    const second = expect(sender.send(batch, { signal: giveUp.signal })).rejects.toMatchObject({ code: "cancelled" });
    const third = sender.send(batch, {});
    await settled();
    giveUp.abort();
    await second;
    held.release();
    await Promise.all([first, third]);
    expect(end.batches).toHaveLength(2);
  });

  describe("that answers early", () => {
    it("answers before delivery, and holds the bytes until then", async () => {
      const { budget, end, sender } = queued({ waitForResult: false });
      const held = gate();
      end.script(held.reply);
      expect(await sender.send(batch, {})).toBe(accepted);
      expect(budget.usedBytes).toBe(batch.body.byteLength);
      held.release();
      await sender.close();
      expect([end.batches.length, budget.usedBytes]).toEqual([1, 0]);
    });

    it("refuses when no memory is left", async () => {
      const { sender } = queued({ waitForResult: false, budget: byteBudget(1) });
      await expect(sender.send(batch, {})).rejects.toMatchObject({ code: "overloaded", retryable: true });
    });

    it("tells what it had to drop", async () => {
      const { dropped, end, sender } = queued({ waitForResult: false });
      end.script(new ExportError("invalid", "no"));
      await sender.send(batch, {});
      await sender.close();
      expect(dropped).toMatchObject([{ items: 10, error: { code: "invalid" } }]);
    });

    it("drops what is not delivered when there is no more time", async () => {
      const { abandon, dropped, end, sender } = queued({ waitForResult: false });
      end.script("hang");
      await sender.send(batch, {});
      await sender.send(batch, {});
      const closing = sender.close();
      abandon.abort();
      await closing;
      expect(dropped.map(({ items }) => items)).toEqual([10, 10]);
    });
  });
});
