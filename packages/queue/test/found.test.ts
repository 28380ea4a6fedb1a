// What the schedules of model.test.ts have found, each by itself.
import { accepted, ExportError } from "@otlpkit/core";
import { fakeClock, recordingSender } from "@otlpkit/testkit";
import { expect, it } from "vitest";
import { openQueue, type Queue, type QueueOptions } from "../src/index.ts";
import { numbered, numberOf } from "./payload.ts";
import { randomFrom } from "./random.ts";
import { type Call, type SimulatedFiles, simulatedFiles } from "./simulated-files.ts";

const opened = (files: SimulatedFiles, options: Partial<QueueOptions> = {}): Promise<Queue> =>
  openQueue({ folder: "/q", files, segmentBytes: 16_384, maxBytes: 65_536, minFreeBytes: 0, ...options });

it("delivers nothing again after a restart because a file could not be deleted once", async () => {
  const files = simulatedFiles({ random: randomFrom(1) });
  let failures = 0;
  files.fault = ({ kind, path }) =>
    kind === "remove" && path.startsWith("/q/segment") && failures++ === 0 ? "EIO" : undefined;
  // Time flies, so that the queue forgives the disk at once; and segments are too large for their files to be kept.
  let nowMs = 0;
  const queue = await opened(files, { now: () => (nowMs += 2000), segmentBytes: 17_000 });
  queue.drain(recordingSender());
  for (let number = 1; number <= 20; number++) {
    await queue.send(numbered(number, 6000), {});
    await queue.flush();
  }
  await queue.close();
  expect(failures).toBeGreaterThan(2);

  const again = recordingSender();
  const next = await opened(files);
  next.drain(again);
  await next.flush();
  await next.close();
  expect(again.batches.map(numberOf)).toEqual([]);
});

it("makes room for one who waits when what fills the queue is delivered, though its file is the last one", async () => {
  const queue = await opened(simulatedFiles({ random: randomFrom(1) }), { whenFull: "block" });
  const destination = recordingSender();
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  destination.script(() => answered.then(() => accepted));
  queue.drain(destination);
  await queue.send(numbered(1, 45_000), {});
  const waiting = queue.send(numbered(2, 30_000), {});
  answer();
  await waiting;
  await queue.close();
});

it("takes again what fits, by itself, when it was full and everything was delivered", async () => {
  const queue = await opened(simulatedFiles({ random: randomFrom(1) }));
  queue.drain(recordingSender());
  await queue.send(numbered(1, 45_000), {});
  await queue.flush();
  const taken = (): Promise<boolean> =>
    queue.send(numbered(2, 30_000), {}).then(
      () => true,
      () => false,
    );
  // The first try may be what makes the queue look for room.
  await expect.poll(taken, { timeout: 5000 }).toBe(true);
  await queue.close();
});

it("keeps what was answered as buffered through a kill, and then through a power cut", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const files = simulatedFiles({ random: randomFrom(seed) });
    const queue = await opened(files, { durability: "buffered" });
    for (let number = 1; number <= 5; number++) await queue.send(numbered(number, 1000), {});
    const killed = files.kill(randomFrom(seed));
    await opened(killed, { durability: "buffered" });
    const restarted = await opened(killed.crash(randomFrom(seed)), { durability: "buffered" });
    const destination = recordingSender();
    restarted.drain(destination);
    await restarted.flush();
    await restarted.close();
    expect(destination.batches.map(numberOf), `seed ${seed}`).toEqual([1, 2, 3, 4, 5]);
  }
});

it("keeps a damaged record aside once when two consumers find it, and again after a copy that failed", async () => {
  const files = simulatedFiles({ random: randomFrom(1) });
  const before = await opened(files);
  await before.send(numbered(1, 3000), {});
  await before.send(numbered(2, 100), {});
  await before.close();
  const segment = files.files("/q").find(({ path }) => path.startsWith("/q/segment"));
  const body = Buffer.from(files.contents(segment?.path as string)).indexOf(numbered(1, 3000).body);
  files.flip(segment?.path as string, body + 100, 3);

  let failures = 0;
  files.fault = ({ kind, path }) =>
    kind === "write" && path.startsWith("/q/damaged") && failures++ === 0 ? "EIO" : undefined;
  const errors: unknown[] = [];
  const queue = await opened(files, {
    onEvent: (event) => void (event.kind === "disk-failed" && errors.push((event.error as { code: string }).code)),
  });
  for (const consumer of ["one", "two", "three"]) queue.drain(recordingSender(), { consumer });
  await queue.flush();
  await queue.close();
  expect(errors).toEqual(["EIO"]);
  expect(files.files("/q/damaged").map(({ bytes }) => bytes > 3000)).toEqual([true]);
});

it("counts a damaged record once when its file is dropped while it is kept aside", async () => {
  let copying = (): void => {};
  const copies = new Promise<void>((resolve) => (copying = resolve));
  let goOn = (): void => {};
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
  const pause = async ({ kind, path }: Call): Promise<void> => {
    if (kind !== "create" || !path.startsWith("/q/damaged")) return;
    copying();
    await mayGoOn;
  };
  const files = simulatedFiles({ random: randomFrom(1), pause });
  const queue = await opened(files, { whenFull: "drop-oldest", cacheBytes: 0 });
  await queue.send(numbered(1, 6000), {});
  files.flip("/q/segment-0000000001.otlpq", 10_000, 1);
  const destination = recordingSender();
  destination.script(() => mayGoOn.then(() => accepted));
  queue.drain(destination);
  await copies;
  for (let number = 2; number <= 20; number++) await queue.send(numbered(number, 6000), {});
  goOn();
  await queue.flush();
  const [consumer] = queue.facts().consumers;
  expect(consumer?.books).toMatchObject({
    accepted: { batches: 20 },
    queued: { batches: 0, items: 0 },
  });
  await queue.close();
});

it("keeps what was refused as a dead letter, however long that takes while it is closed", async () => {
  const clock = fakeClock();
  let goOn = (): void => {};
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
  let keeping = (): void => {};
  const keeps = new Promise<void>((resolve) => (keeping = resolve));
  const pause = async ({ path }: Call): Promise<void> => {
    if (!path.startsWith("/q/dead/")) return;
    keeping();
    await mayGoOn;
  };
  const files = simulatedFiles({ random: randomFrom(1), pause });
  const queue = await opened(files, { ...clock, closeGraceMs: 0 });
  const destination = recordingSender();
  destination.script(new ExportError("rejected", "no such thing is wanted here"));
  queue.drain(destination);
  await queue.send(numbered(1, 100), {});
  await keeps;
  const closed = queue.close();
  await clock.advance(10_000);
  goOn();
  await closed;

  const next = await opened(files.atEase());
  expect(next.facts()).toMatchObject({ queued: { batches: 0 }, deadLetters: { batches: 1 } });
  await next.close();
});

it("waits for company only while there is somebody to wait for", async () => {
  const clock = fakeClock();
  const queue = await opened(simulatedFiles({ random: randomFrom(1) }), { ...clock, groupDelayMs: 500 });
  let sent = false;
  void queue.send(numbered(1, 100), {}).then(() => (sent = true));
  while (!sent) await clock.advance(100);
  // Nobody moves the clock any more.
  await queue.close();
  expect(queue.facts().queued.batches).toBe(1);
});

it("refuses a batch that can't be written by itself, and nobody who comes with it", async () => {
  const events: string[] = [];
  const queue = await opened(simulatedFiles({ random: randomFrom(1) }), {
    whenFull: "block",
    onEvent: ({ kind }) => events.push(kind),
  });
  const sent = await Promise.allSettled([
    queue.send(numbered(1, 100), {}),
    queue.send({ ...numbered(2, 100), items: -1 }, {}),
    queue.send({ ...numbered(3, 100), body: "text" as never }, {}),
    queue.send(numbered(4, 100), {}),
  ]);
  expect(sent.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(sent[1]).toMatchObject({
    reason: { code: "invalid", retryable: false, message: "cannot queue logs: it has -1 items" },
  });
  expect(events).not.toContain("disk-failed");
  await queue.close();
});
