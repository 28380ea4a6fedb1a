import { ExportError } from "@otlpkit/core";
import type { Queue, QueueOptions } from "../src/index.ts";
import { account } from "./account.ts";
import { anyConsumers, anyFault, anyQueueOptions, anyTroubles, type Troubles } from "./any-options.ts";
import { type Mood, moods } from "./destination.ts";
import { type Life, life } from "./life.ts";
import { flips } from "./flips.ts";
import { checkBooks, judge } from "./judge.ts";
import { numberOf, payloads } from "./payload.ts";
import { randomFrom } from "./random.ts";
import { type Call, type SimulatedFiles, simulatedFiles } from "./simulated-files.ts";
import { turns as makeTurns } from "./turns.ts";

/** A schedule that can be run again: everything in it follows from the seed. */
export interface ScheduleOptions {
  readonly seed: number;
  /** Things that happen. Default 400. */
  readonly steps?: number;
  /** Default: any of them, as the seed has it. */
  readonly troubles?: Partial<Troubles>;
  /** In place of what the seed has. */
  readonly queueOptions?: Omit<QueueOptions, "folder">;
  /** Told what happens. */
  readonly log?: (line: string) => void;
}

/** What was seen, to show that schedules do something. */
export interface Seen {
  accepted: number;
  failed: number;
  delivered: number;
  crashes: number;
  flips: number;
}

/**
 * Runs a random program against a queue on a simulated disk, lets everything end well, and holds the queue to its word.
 *
 * @throws Error with the seed, when it was not kept
 */
export async function runSchedule(options: ScheduleOptions): Promise<Seen> {
  try {
    return await schedule(options);
  } catch (error) {
    throw new Error(`schedule ${options.seed}: ${(error as Error).message}`, { cause: error });
  }
}

async function schedule({ seed, steps = 400, ...options }: ScheduleOptions): Promise<Seen> {
  const random = randomFrom(seed);
  const turns = makeTurns(random);
  const log = options.log ?? (() => undefined);
  const troubles = { ...anyTroubles(random), ...options.troubles };
  const book = account(troubles.diskErrors || troubles.diskFull);
  const segmentBytes = random.pick([16_384, 16_384, 32_768, 100_000]);
  const queueOptions: Omit<QueueOptions, "folder"> = {
    ...anyQueueOptions(random, segmentBytes),
    ...options.queueOptions,
  };
  const consumers = anyConsumers(random);
  const source = payloads(
    random,
    segmentBytes,
    random.pick([[undefined], ["red", "blue"], [undefined, "red", "blue", "Grün"]]),
  );
  log(JSON.stringify({ troubles, queueOptions, consumers: [...consumers] }));

  const seen: Seen = { accepted: 0, failed: 0, delivered: 0, crashes: 0, flips: 0 };
  const complaints: unknown[] = [];
  let files: SimulatedFiles = simulatedFiles({ random, pause: (call) => begun(call) });
  let wallMs = 1_700_000_000_000;
  let lives = 0;
  /** How many deliveries of what had been delivered the present life may make. */
  let mostRepeats = 0;
  let pendingFault: { kinds: readonly Call["kind"][]; code: string } | undefined;
  let faulted = false;
  let everFaulted = troubles.diskFull;
  const damage = flips({ random, account: book, queueOptions });

  /** Syncs of records that are under way, and in which turn each began. */
  const syncing = new Map<Call, number>();
  const begun = (call: Call): Promise<void> => {
    if (call.kind === "sync" && call.path.startsWith("/q/segment")) syncing.set(call, turns.count);
    return turns.wait();
  };
  const begin = (): Life => {
    files.fault = (call) => {
      const { kind } = call;
      const syncBegan = syncing.get(call) ?? -1;
      syncing.delete(call);
      if (!pendingFault?.kinds.includes(kind)) {
        for (const entry of book.entries.values()) {
          if (entry.answer === "accepted" && !entry.mayBeLost && entry.acceptedAtTurn <= syncBegan) entry.safe = true;
        }
        return undefined;
      }
      const { code } = pendingFault;
      if (syncBegan >= 0 && queueOptions.durability === "buffered") {
        // What is not answered yet may be written already.
        for (const entry of book.entries.values()) if (entry.answer !== "failed" && !entry.safe) entry.mayBeLost = true;
      }
      log(`    ${kind} fails with ${code}`);
      pendingFault = undefined;
      faulted = everFaulted = true;
      return code;
    };
    const number = ++lives;
    const made: Life = life({
      number,
      files,
      random,
      turns,
      account: book,
      log,
      wallClock: () => wallMs + made.clock.now(),
      consumers,
      queueOptions,
    });
    return made;
  };
  /** Lets things go on until `promise` is settled. */
  const driven = async <T>(now: Life, promise: Promise<T>, what: string): Promise<T> => {
    let settled = false;
    promise.then(
      () => (settled = true),
      () => (settled = true),
    );
    for (let turn = 0; !settled && turn < 50_000; turn++) {
      if (turns.waiting > 0 && !random.chance(0.02)) await turns.next();
      else await now.clock.advance(random.pick([1, 100, 5000]));
    }
    if (!settled) throw new Error(`${what} does not end`);
    return promise;
  };
  const crash = (now: Life, how: "power" | "kill", isOpen: boolean): void => {
    now.end();
    seen.crashes++;
    for (const entry of book.entries.values()) {
      // That it was safe had perhaps not been written down yet; then damage looks like a write that was torn.
      if (entry.damaged && entry.acceptedIn === now.number) entry.mayBeLost = true;
    }
    if (how === "power") {
      files = files.crash(random);
      for (const entry of book.entries.values()) {
        if (queueOptions.durability !== "buffered" || entry.answer !== "accepted" || entry.safe || entry.mayBeLost)
          continue;
        entry.mayBeLost = true;
        const ageMs = entry.acceptedIn === now.number ? now.clock.now() - entry.acceptedAtMs : Infinity;
        if (ageMs > 1001 && isOpen && syncing.size === 0 && !everFaulted) {
          throw new Error(`${numberOf(entry.batch)} was not synced within a second, but for ${ageMs} ms`);
        }
      }
      syncing.clear();
    } else files = files.kill(random);
  };
  /** Opens the queue, however often it takes: the power may go in the middle of it, and the disk may fail. */
  const opened = async (): Promise<{ now: Life; queue: Queue }> => {
    for (;;) {
      const now = begin();
      faulted = false;
      if (random.chance(0.15) && (troubles.powerCuts || troubles.kills)) {
        now.queue.catch(() => undefined);
        for (let turn = random.below(60); turn > 0; turn--) await turns.next();
        log(`  crash while it opens`);
        crash(now, troubles.powerCuts ? "power" : "kill", false);
        continue;
      }
      try {
        const queue = await driven(now, now.queue, "opening");
        log(`life ${now.number}: ${JSON.stringify(queue.recovered)}`);
        // What was under way is known, whatever was killed; a power cut also takes what was noted a moment before.
        mostRepeats = troubles.powerCuts || everFaulted ? Infinity : queue.recovered.mayRepeat.batches;
        book.repeats.clear();
        return { now, queue };
      } catch (error) {
        if (!faulted || !ExportError.is(error)) throw error;
        log(`  opening failed: ${error.message}`);
        now.end();
      }
    }
  };

  let { now, queue } = await opened();
  const send = (): void => {
    const batch = source.next();
    const entry = book.sent(batch);
    const from = now;
    const deadline = random.chance(0.3) ? from.clock.now() + random.below(10_000) : undefined;
    log(`  send ${numberOf(batch)}: ${batch.body.length} bytes, ${batch.items} items of ${batch.tenant}`);
    queue.send(batch, deadline === undefined ? {} : { deadline }).then(
      (ack) => {
        if (!from.alive) return;
        if (ack.rejectedItems !== 0) complaints.push(new Error(`the queue rejected items of ${numberOf(batch)}`));
        entry.answer = "accepted";
        entry.acceptedIn = from.number;
        entry.acceptedAtMs = from.clock.now();
        entry.acceptedAtTurn = turns.count;
        log(`    ${numberOf(batch)} accepted`);
      },
      (error: unknown) => {
        if (!from.alive) return;
        entry.answer = "failed";
        log(`    ${numberOf(batch)} failed: ${(error as Error).message}`);
        if (!ExportError.is(error)) complaints.push(error);
      },
    );
  };
  const check = (): void => {
    const complaint = complaints[0] ?? [...now.destinations.values()].flatMap((each) => each.complaints)[0];
    if (complaint !== undefined) throw complaint;
    checkBooks(queue);
    const repeats = Math.max(0, ...[...book.repeats.values()].map(({ size }) => size));
    if (repeats > mostRepeats)
      throw new Error(`${repeats} were delivered again, and ${mostRepeats} at most were at risk`);
  };

  for (let step = 0; step < steps; step++) {
    const dice = random.below(1000);
    if (dice < 550) await turns.next();
    else if (dice < 750) for (let burst = random.pick([1, 1, 1, 2, 8]); burst > 0; burst--) send();
    else if (dice < 830) await now.clock.advance(random.pick([1, 10, 100, 1000, 40_000]));
    else if (dice < 880) random.pick([...now.destinations.values()]).mood = random.pick<Mood>(moods);
    else if (dice < 910) for (let turn = 0; turn < 50; turn++) await turns.next();
    else if (dice < 925) {
      if (troubles.powerCuts || troubles.kills) {
        const how = troubles.powerCuts && (!troubles.kills || random.chance(0.5)) ? "power" : "kill";
        log(`step ${step}: ${how}`);
        crash(now, how, true);
        ({ now, queue } = await opened());
      }
    } else if (dice < 930) {
      log(`step ${step}: close`);
      faulted = false;
      await driven(now, queue.close(), "closing");
      check();
      now.end();
      if (!faulted && files.capacityBytes === Infinity) book.closedInGoodOrder(now.number);
      ({ now, queue } = await opened());
    } else if (dice < 955) {
      if (troubles.diskErrors) pendingFault = anyFault(random);
    } else if (dice < 965) {
      if (troubles.diskFull) files.capacityBytes = files.usedBytes + random.below(3000);
    } else if (dice < 980) files.capacityBytes = Infinity;
    else if (dice < 990) {
      if (troubles.flips) {
        const place = await damage.flip(files);
        if (place !== undefined) seen.flips++;
        log(`  flip ${place}`);
      }
    } else wallMs += random.pick([-86_400_000, -1000, 1000, 3_600_000]);
    check();
  }

  log("everything ends well");
  pendingFault = undefined;
  files.capacityBytes = Infinity;
  for (const to of now.destinations.values()) to.mood = "takes all";
  await now.clock.advance(600_000);
  await driven(now, queue.flush(), "flushing");
  check();
  await deliversAgain();
  // Sends whose caller gave up may still be stored.
  while (queue.facts().queued.batches > 0) await driven(now, queue.flush(), "flushing what came late");
  const books = JSON.stringify(booksOf(queue));
  await driven(now, queue.close(), "closing");
  check();
  now.end();
  book.closedInGoodOrder(now.number);
  ({ now, queue } = await openedInPeace());
  await driven(now, queue.flush(), "flushing again");
  check();
  if (JSON.stringify(booksOf(queue)) !== books) {
    throw new Error(`the books changed while nothing happened: ${books}, then ${JSON.stringify(booksOf(queue))}`);
  }
  await judge({ queue, files, account: book, troubles, queueOptions });
  for (const { answer, ends } of book.entries.values()) {
    if (answer === "accepted") seen.accepted++;
    if (answer === "failed") seen.failed++;
    if (ends.size > 0) seen.delivered++;
  }
  await driven(now, queue.close(), "closing at the end");
  now.end();
  return seen;

  async function openedInPeace(): Promise<{ now: Life; queue: Queue }> {
    const next = begin();
    return { now: next, queue: await driven(next, next.queue, "opening at the end") };
  }

  /** Once the trouble is over the queue takes and delivers as before, without a restart. */
  async function deliversAgain(): Promise<void> {
    const batch = { ...source.next(), body: random.bytes(50) };
    const entry = book.sent(batch);
    for (let attempt = 1; entry.answer !== "accepted"; attempt++) {
      try {
        await driven(now, queue.send(batch, {}), "sending when all is well");
        entry.answer = "accepted";
      } catch (error) {
        // What was delivered may not be deleted yet.
        if (attempt === 5 || !ExportError.is(error) || error.code !== "overloaded") throw error;
        await driven(now, now.clock.sleep(1000), "a second");
      }
    }
    await driven(now, queue.flush(), "delivering when all is well");
    for (const consumer of consumers.keys()) {
      if (!entry.ends.has(consumer)) throw new Error(`${consumer} did not get what was sent when all was well`);
    }
  }
}

function booksOf(queue: Queue): unknown {
  return queue.facts().consumers.map(({ name, books }) => ({ name, books }));
}
