// Group F end to end: retry in front of every transport, against a backend that misbehaves as a script says. Delays come
// from a seeded random number and are short, so the tests wait for what happened and never for time to pass.
import { pipe, type Sender, type Transport } from "@otlpkit/core";
import { gzip } from "@otlpkit/compression";
import { retry } from "@otlpkit/retry";
import { itemIds, seeded } from "@otlpkit/testkit";
import { type Answer, type Backend, freePort, grpcBackend, httpBackend } from "@otlpkit/testkit/node";
import { grpcTransport } from "@otlpkit/transport-grpc";
import { grpcJsTransport } from "@otlpkit/transport-grpc/grpc-js";
import { httpTransport } from "@otlpkit/transport-http";
import { afterEach, describe, expect, it } from "vitest";

const ways: readonly [string, () => Transport, typeof httpBackend][] = [
  ["http", () => httpTransport({ compressors: [gzip()] }), httpBackend],
  ["grpc on node:http2", () => grpcTransport(), grpcBackend],
  ["grpc on grpc-js", () => grpcJsTransport(), grpcBackend],
];

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of cleanUp.splice(0).toReversed()) await close();
});

describe.each(ways)("delivery over %s", (_, transport, startBackend) => {
  const batch = seeded(11).traces({ items: 20 });
  const ids = itemIds("traces", batch.body, "protobuf");

  function sender(url: string): Sender {
    const quick = { initialDelayMs: 20, maxDelayMs: 100, random: () => 0.5 };
    const made = pipe(retry(quick), transport().connect({ url }));
    cleanUp.push(() => made.close());
    return made;
  }

  async function backend(...answers: Answer[]): Promise<Backend> {
    const started = await startBackend();
    if (answers.length > 0) started.script(...answers);
    cleanUp.push(() => started.close());
    return started;
  }

  /** Everything arrived once, and every attempt carried the same bytes (F-17). */
  function expectDelivered(at: Backend, attempts: number): void {
    expect(at.requests).toHaveLength(attempts);
    expect(at.acceptedItemIds()).toEqual(ids);
    for (const { body, aborted } of at.requests) if (!aborted) expect(Buffer.from(body).equals(batch.body)).toBe(true);
  }

  const soon = () => ({ deadline: performance.now() + 15_000 });

  it.each<[string, Answer]>([
    ["a temporary refusal", { kind: "refuse", grpcStatus: 14, httpStatus: 503 }],
    ["a reset before the answer (F-13)", { kind: "reset", when: "before-headers" }],
    ["a reset in the middle of the answer", { kind: "reset", when: "after-headers" }],
    ["a connection closed as the request goes out (C-20)", { kind: "reset", when: "before-body" }],
  ])("survives %s, twice, with the same bytes (F-17)", async (_name, trouble) => {
    const at = await backend(trouble, trouble, { kind: "ok" });
    const ack = await sender(at.url).send(batch, soon());
    expect(ack.rejectedItems).toBe(0);
    expectDelivered(at, 3);
  });

  it("survives a GOAWAY that does not cover the call", async () => {
    const at = await backend({ kind: "goaway" }, { kind: "ok" });
    await sender(at.url).send(batch, soon());
    expect(new Set(at.acceptedItemIds())).toEqual(new Set(ids));
  });

  it("waits as long as it is asked to (F-05, F-11)", async () => {
    const at = await backend({ kind: "refuse", grpcStatus: 14, httpStatus: 503, retryAfterMs: 1000 }, { kind: "ok" });
    await sender(at.url).send(batch, soon());
    expectDelivered(at, 2);
    const [first, second] = at.requests;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(995);
  });

  it("delivers when the port opens later (F-14)", async () => {
    const port = await freePort();
    const delivery = sender(`http://127.0.0.1:${port}`).send(batch, soon());
    const at = await startBackend({ port });
    cleanUp.push(() => at.close());
    await delivery;
    expect(at.acceptedItemIds()).toEqual(ids);
  });

  it("sends nothing again after a partial success (G-01)", async () => {
    const at = await backend({ kind: "ok", rejectedItems: 5, message: "five were odd" });
    expect(await sender(at.url).send(batch, soon())).toEqual({ rejectedItems: 5, message: "five were odd" });
    expect(at.requests).toHaveLength(1);
  });

  it("gives up at once on a permanent refusal (F-03, F-10)", async () => {
    const at = await backend({ kind: "refuse", grpcStatus: 3, httpStatus: 400, message: "not like this" });
    await expect(sender(at.url).send(batch, soon())).rejects.toMatchObject({ code: "invalid", retryable: false });
    expect(at.requests).toHaveLength(1);
  });

  it("gives up at once when the asked delay is beyond the deadline (F-16)", async () => {
    const at = await backend({ kind: "refuse", grpcStatus: 14, httpStatus: 503, retryAfterMs: 60_000 });
    const delivery = sender(at.url).send(batch, { deadline: performance.now() + 10_000 });
    await expect(delivery).rejects.toMatchObject({ retryable: true, retryAfterMs: 60_000 });
    expect(at.requests).toHaveLength(1);
  });

  it("goes on when the backend was restarted between two batches (A-25)", async () => {
    const first = await startBackend();
    const way = sender(first.url);
    await way.send(batch, soon());
    await first.close();
    const second = await startBackend({ port: first.port });
    cleanUp.push(() => second.close());
    await way.send(batch, soon());
    expect(second.acceptedItemIds()).toEqual(ids);
  });
});

it("honours a Retry-After that is a date (F-11)", async () => {
  const at = await httpBackend();
  cleanUp.push(() => at.close());
  // A date has whole seconds: two seconds from now are at least one.
  const date = new Date(Date.now() + 2000).toUTCString();
  at.script({ kind: "refuse", httpStatus: 429, headers: { "retry-after": date } }, { kind: "ok" });
  const way = pipe(retry({ initialDelayMs: 10 }), httpTransport().connect({ url: at.url }));
  cleanUp.push(() => way.close());
  await way.send(seeded(1).logs({ items: 1 }), { deadline: performance.now() + 15_000 });
  const [first, second] = at.requests;
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(900);
});

it("honours the RetryInfo of the golden cases, and needs one for RESOURCE_EXHAUSTED (F-04)", async () => {
  const at = await grpcBackend();
  cleanUp.push(() => at.close());
  const way = pipe(retry({ initialDelayMs: 10, maxDelayMs: 20 }), grpcTransport().connect({ url: at.url }));
  cleanUp.push(() => way.close());
  const one = seeded(1).logs({ items: 1 });
  at.script({ kind: "refuse", grpcStatus: 8, retryAfterMs: 30 }, { kind: "ok" });
  await way.send(one, {});
  expect(at.requests).toHaveLength(2);
  at.script({ kind: "refuse", grpcStatus: 8 });
  await expect(way.send(one, {})).rejects.toMatchObject({ retryable: false });
  expect(at.requests).toHaveLength(3);
});
