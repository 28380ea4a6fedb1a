import { type Batch, ExportError, protobufBatch, type Sender, type Transport } from "@otlpkit/core";
import { decode } from "@otlpkit/otlp";
import { fakeClock, type RecordingSender, recordingSender, seeded } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { type ClientEvents, type ClientOptions, createClient, type OtlpClient } from "./index.ts";

interface Bench {
  readonly client: OtlpClient;
  readonly backend: RecordingSender;
  readonly clock: ReturnType<typeof fakeClock>;
}

/** A client whose far side is a recording sender, in a time of its own. */
function bench(options: ClientOptions = {}): Bench {
  const clock = fakeClock();
  const backend = recordingSender(clock);
  const client = createClient({
    environment: false,
    transport: to(backend),
    ...clock,
    random: () => 0.5,
    ...options,
  });
  return { client, backend, clock };
}

function to(sender: Sender): Transport {
  return { name: "test", connect: () => sender };
}

const at = 1_700_000_000_000;
const span = { name: "checkout", start: at, end: at + 5 };

function names({ body }: Batch): (string | undefined)[] {
  return (decode("traces", body).resourceSpans ?? []).flatMap((resource) =>
    (resource.scopeSpans ?? []).flatMap((scope) => (scope.spans ?? []).map(({ name }) => name)),
  );
}

function heard<Name extends keyof ClientEvents>(client: OtlpClient, name: Name): ClientEvents[Name][] {
  const events: ClientEvents[Name][] = [];
  client.on(name, (event) => events.push(event));
  return events;
}

describe("a client that records", () => {
  it("keeps what it is given until it is old enough, and sends it as one request", async () => {
    const { client, backend, clock } = bench({ maxAgeMs: 1000 });
    client.recordSpan(span);
    client.recordSpan({ ...span, name: "pay" });
    await clock.advance(999);
    expect(backend.batches).toHaveLength(0);
    expect(client.counters("traces")).toMatchObject({ accepted: 2, pending: 2, delivered: 0 });
    await clock.advance(1);
    expect(backend.batches.map(names)).toEqual([["checkout", "pay"]]);
    expect(client.counters("traces")).toMatchObject({ accepted: 2, pending: 0, delivered: 2 });
  });

  it("does not wait when there is enough (O-04)", async () => {
    const { client, backend, clock } = bench({ maxBatchItems: 2 });
    for (const name of ["a", "b", "c"]) client.recordSpan({ ...span, name });
    await clock.advance(0);
    expect(backend.batches.map(names)).toEqual([["a", "b"]]);
  });

  it("encodes at once, so that what is changed later does not matter", async () => {
    const { client, backend } = bench();
    const attributes: Record<string, unknown> = { step: 1 };
    client.recordSpan({ ...span, attributes });
    attributes["step"] = 2;
    await client.flush();
    const sent = decode("traces", backend.batches[0]!.body).resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.[0];
    expect(sent?.attributes).toEqual([{ key: "step", value: { intValue: 1n } }]);
  });

  it("sends logs and metrics too, with the resource of the program", async () => {
    const { client, backend } = bench({ resource: { "service.name": "shop" } });
    client.recordLog({ body: "open", severity: "info" });
    client.recordMetric({ name: "orders", kind: "gauge", points: [{ value: 3, time: at }] });
    await client.flush();
    // What comes collected goes at once.
    expect(backend.batches.map(({ signal, items }) => `${items} of ${signal}`)).toEqual(["1 of metrics", "1 of logs"]);
    const logs = backend.batches.find(({ signal }) => signal === "logs")!;
    const resource = decode("logs", logs.body).resourceLogs?.[0]?.resource;
    expect(resource?.attributes).toContainEqual({ key: "service.name", value: { stringValue: "shop" } });
  });

  it("never throws for what cannot be encoded, and counts it", () => {
    const { client } = bench();
    const dropped = heard(client, "dropped");
    client.recordSpan({ ...span, start: Number.NaN });
    client.recordLog({ traceId: "no id", body: "" });
    expect(dropped.map(({ signal, reason, items }) => [signal, reason, items])).toEqual([
      ["traces", "invalid", 1],
      ["logs", "invalid", 1],
    ]);
    expect(client.counters("traces")).toMatchObject({ accepted: 1, dropped: { invalid: 1 }, pending: 0 });
  });

  it("drops beyond the bound of items that was asked for, and counts what it drops (O-01)", async () => {
    const { client, backend, clock } = bench({ maxQueueItems: 2048 });
    backend.script("hang");
    for (let index = 0; index < 3000; index++) client.recordSpan(span);
    await clock.advance(0);
    expect(client.counters("traces")).toMatchObject({ accepted: 3000, pending: 2048, dropped: { full: 952 } });
    await client.close({ timeoutMs: 0 });
  });

  it("keeps trying what it recorded long after the time for one export (15 s of 503)", async () => {
    const { client, backend, clock } = bench();
    const retrying = heard(client, "retrying");
    const down = new ExportError("unavailable", "503");
    backend.script(...Array.from({ length: 6 }, () => down), { rejectedItems: 0, message: "" });
    client.recordSpan(span);
    const flushed = client.flush({ timeoutMs: 60_000 });
    await clock.advance(60_000);
    expect(await flushed).toEqual({ failed: 0, left: 0 });
    expect(retrying.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(client.counters("traces")).toMatchObject({ delivered: 1, dropped: {} });
  });

  it("gives up what it recorded when its time is over, and says so", async () => {
    const { client, backend, clock } = bench({ giveUpAfterMs: 5000 });
    const dropped = heard(client, "dropped");
    backend.script(new ExportError("unavailable", "nobody there"));
    client.recordSpan(span);
    const flushed = client.flush();
    await clock.advance(6000);
    expect(await flushed).toEqual({ failed: 1, left: 0 });
    expect(dropped).toMatchObject([{ reason: "undelivered", items: 1 }]);
    expect(dropped[0]?.error.message).toContain("nobody there");
  });
});

describe("a client that sends", () => {
  const batch = seeded(1).traces({ items: 3 });

  it("hands encoded bytes on as they are, without a copy", async () => {
    const { client, backend } = bench();
    await client.send(batch);
    expect(backend.batches[0]?.body).toBe(batch.body);
    expect(client.counters("traces")).toMatchObject({ accepted: 3, delivered: 3 });
  });

  it("gives the answer of the far side, and counts what it refused (G-02, G-06)", async () => {
    const { client, backend } = bench();
    const rejected = heard(client, "rejected");
    backend.script({ rejectedItems: 2, message: "too old" });
    expect(await client.send(batch)).toEqual({ rejectedItems: 2, message: "too old" });
    expect(rejected).toEqual([{ signal: "traces", items: 2, reason: "too old" }]);
    expect(client.counters("traces")).toMatchObject({ accepted: 3, delivered: 1, rejected: 2 });
  });

  it("ends within the time for one export, retries included (A-17, A-18)", async () => {
    const { client, backend, clock } = bench({ timeoutMs: 10_000 });
    backend.script("hang");
    const outcome = client.send(batch).catch((error: unknown) => error);
    await clock.advance(6000);
    expect(client.counters("traces").pending).toBe(3);
    await clock.advance(4000);
    expect(await outcome).toMatchObject({ code: "timeout" });
    // The first attempt had two thirds of the time; what followed was tried again while there was any (F-15).
    expect(backend.batches.length).toBeGreaterThan(1);
    expect(client.counters("traces")).toMatchObject({ dropped: { undelivered: 3 }, pending: 0 });
  });

  it("refuses a batch after it was closed", async () => {
    const { client } = bench();
    await client.close();
    await expect(client.send(batch)).rejects.toMatchObject({ code: "closed" });
  });

  it("counts profiles, which it hands on whole", async () => {
    const { client, backend } = bench();
    await client.send(protobufBatch("profiles", Uint8Array.of(), 1));
    expect(backend.batches).toHaveLength(1);
    expect(client.counters("profiles")).toMatchObject({ accepted: 1, delivered: 1 });
  });
});

describe("flush", () => {
  it("waits for what is under way already, and not for what comes later (O-09)", async () => {
    const { client, backend, clock } = bench();
    const answers: (() => void)[] = [];
    backend.script(() => new Promise((resolve) => answers.push(() => resolve({ rejectedItems: 0, message: "" }))));
    client.recordSpan(span);
    let flushed = false;
    const flushing = client.flush().then((report) => ((flushed = true), report));
    await clock.advance(0);
    client.recordSpan(span);
    void client.flush();
    await clock.advance(0);
    expect(flushed).toBe(false);
    answers[0]?.();
    await clock.advance(0);
    expect(flushed).toBe(true);
    expect(await flushing).toEqual({ failed: 0, left: 0 });
    answers[1]?.();
    await client.close();
  });

  it("keeps to its time and says how many are left", async () => {
    const { client, backend, clock } = bench();
    backend.script("hang");
    client.recordSpan(span);
    client.recordLog({ body: "x" });
    const flushing = client.flush({ timeoutMs: 500 });
    await clock.advance(500);
    expect(await flushing).toEqual({ failed: 0, left: 2 });
    await client.close({ timeoutMs: 0 });
  });
});

describe("close", () => {
  it("delivers what is held, and closes what is behind", async () => {
    const { client, backend } = bench();
    client.recordSpan(span);
    expect(await client.close()).toEqual({ failed: 0, left: 0 });
    expect(backend.batches).toHaveLength(1);
    expect(backend.closed).toBe(true);
  });

  it("keeps to its time, cancels waits, and reports what it left (F-20)", async () => {
    const { client, backend, clock } = bench();
    backend.script(new ExportError("overloaded", "later", { retryAfterMs: 60_000 }));
    client.recordSpan(span);
    const throttled = heard(client, "throttled");
    const closing = client.close({ timeoutMs: 2000 });
    await clock.advance(2000);
    expect(await closing).toEqual({ failed: 0, left: 1 });
    expect(throttled).toEqual([{ signal: "traces", delayMs: 60_000 }]);
    expect(client.counters("traces")).toMatchObject({ accepted: 1, left: 1, pending: 0, dropped: {} });
    expect(clock.pending).toBe(0);
  });

  it("gives the same report to whoever calls it again", async () => {
    const { client } = bench();
    expect(client.close()).toBe(client.close());
    await client.close();
  });

  it("counts what is recorded afterwards as dropped (O-13)", async () => {
    const { client } = bench();
    await client.close();
    client.recordSpan(span);
    expect(client.counters("traces")).toMatchObject({ accepted: 1, dropped: { closed: 1 } });
  });
});

describe("events", () => {
  it("end when the listener is taken away, and a listener that throws harms nobody", async () => {
    const { client } = bench();
    const heardOnce: number[] = [];
    client.on("delivered", () => {
      throw new Error("of no interest");
    });
    const off = client.on("delivered", ({ items }) => heardOnce.push(items));
    client.recordSpan(span);
    await client.flush();
    off();
    client.recordSpan(span);
    await client.flush();
    expect(heardOnce).toEqual([1]);
  });
});
