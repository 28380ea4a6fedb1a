import { accepted, type Batch, ExportError, protobufBatch, type Sender } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import { type AdmissionOptions, queueAdmission } from "./queue-admission.ts";

const batchOf = (tenant: string | undefined, bytes = 10): Batch => ({
  ...protobufBatch("traces", new Uint8Array(bytes), 5),
  ...(tenant === undefined ? {} : { tenant }),
});

/** A queue that stores what it is given, on a disk that gives back only when told. */
function scene(options: Partial<AdmissionOptions>) {
  let [nowMs, bytes] = [0, 0];
  const refused: Batch[] = [];
  const admission = queueAdmission({
    capacity: 100,
    sizer: "bytes",
    blocks: false,
    held: [],
    facts: () => ({ bytes, drainBytesPerSecond: 10 }),
    onRefused: (batch) => refused.push(batch),
    now: () => nowMs,
    ...options,
  });
  const end: Sender = {
    async send({ body, items, signal, tenant }) {
      bytes += body.byteLength;
      admission.hear({ kind: "stored", signal, tenant, items, bytes: body.byteLength });
      return accepted;
    },
    close: () => Promise.resolve(),
  };
  const sender = admission.stage(end);
  return {
    refused,
    tick: (ms: number) => (nowMs += ms),
    send: (tenant: string | undefined, size?: number): Promise<"taken" | number> =>
      sender.send(batchOf(tenant, size), {}).then(
        () => "taken" as const,
        (error: unknown) => (error as ExportError).retryAfterMs,
      ),
    deliver: (tenant: string | undefined, freedBytes: number): void => {
      bytes -= freedBytes;
      const common = { consumer: "default", signal: "traces", message: "", ageMs: 0, repeated: false } as const;
      admission.hear({ kind: "delivered", tenant, items: 5, rejectedItems: 0, ...common });
      nowMs += 60;
    },
  };
}

describe("the door of a queue on disk", () => {
  it("refuses the tenant alone that has filled it, and keeps a fifth for the others", async () => {
    const { deliver, refused, send } = scene({ weights: {} });
    for (let n = 0; n < 8; n++) expect(await send("noisy")).toBe("taken");
    expect(await send("noisy")).toBeGreaterThanOrEqual(100);
    expect(await send("quiet")).toBe("taken");
    expect(await send("other")).toBe("taken");
    expect(refused.map(({ tenant }) => tenant)).toEqual(["noisy"]);
    // What was delivered still takes disk, until its file goes.
    deliver("quiet", 0);
    expect(await send("noisy")).not.toBe("taken");
    deliver("noisy", 40);
    expect(await send("noisy")).toBe("taken");
  });

  it("gives more of it to those with more weight, beyond what all may have", async () => {
    const { send } = scene({ weights: { gold: 7 } });
    for (let n = 0; n < 4; n++) await send("plain", 20);
    for (let n = 0; n < 2; n++) expect(await send("gold", 10)).toBe("taken");
    expect(await send("plain", 1)).not.toBe("taken");
  });

  it("tells those whom it refuses to come back one after the other, as fast as it drains", async () => {
    const { send, tick } = scene({ capacity: 1, sizer: "requests" });
    await send(undefined);
    expect(await send(undefined)).toBe(1000);
    expect(await send(undefined)).toBe(2000);
    tick(500);
    expect(await send(undefined)).toBe(2500);
    for (let n = 0; n < 40; n++) await send(undefined);
    expect(await send(undefined)).toBe(30_000);
  });

  it("asks for a second while nobody knows how fast it drains", async () => {
    const { send } = scene({ capacity: 1, sizer: "requests", facts: () => ({ bytes: 0, drainBytesPerSecond: 0 }) });
    await send(undefined);
    expect(await send(undefined)).toBe(1000);
  });

  it.each([
    ["requests", 2],
    ["items", 10],
  ] as const)("counts %s, those found at the start included", async (sizer, capacity) => {
    const { deliver, send } = scene({ capacity, sizer, held: [["a", { batches: 1, items: 5 }]] });
    expect(await send("b")).toBe("taken");
    expect(await send("b")).not.toBe("taken");
    deliver("a", 0);
    expect(await send("b")).toBe("taken");
  });

  it("lets wait who would be refused, if told so, and takes one that is larger than all of it when it is empty", async () => {
    const { deliver, refused, send } = scene({ capacity: 3, sizer: "items", blocks: true });
    expect(await send(undefined)).toBe("taken");
    const waiting = send(undefined);
    deliver(undefined, 0);
    expect(await waiting).toBe("taken");
    expect(refused).toEqual([]);
  });
});
