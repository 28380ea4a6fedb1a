import type { Batch, Sender } from "@otlpkit/core";
import { seeded } from "../seeded.ts";
import { accepts, check, failsWith, later, turns } from "./check.ts";
import { type Case, type CaseOptions, register, type Runner } from "./runner.ts";

/** A sender and a grip on what it sends to. */
export interface SenderUnderTest {
  readonly sender: Sender;
  /** From now on the far side takes batches and does not answer. */
  readonly hold: () => void;
  /** Answers everything that was held back, with success, and all that comes after. */
  readonly release: () => void;
  /** Resolves when so many batches have arrived at the far side. */
  readonly arrived: (count: number) => Promise<void>;
  /** Called after each case, when the sender may be closed already. */
  readonly dispose: () => Promise<void>;
}

/**
 * Proves that something is a {@link Sender}: an end of a pipeline, such as a transport's connection or a file.
 *
 * ```ts no-run
 * senderCases({ it }, async () => {
 *   const server = await startMyServer();
 *   return { sender: mySender(server.url), hold: server.pause, release: server.resume, ... };
 * });
 * ```
 */
export function senderCases(runner: Runner, make: () => Promise<SenderUnderTest>, options?: CaseOptions): void {
  register(runner, casesOfSender(make), options);
}

/** The same as a list, for sets of cases that contain it. */
export function casesOfSender(make: () => Promise<SenderUnderTest>): Case[] {
  const within = (run: (under: SenderUnderTest) => Promise<void>) => async (): Promise<void> => {
    const under = await make();
    try {
      await run(under);
    } finally {
      under.release();
      await under.sender.close().catch(() => undefined);
      await under.dispose();
    }
  };
  const one = (): Batch => seeded(1).traces({ items: 10 });

  return [
    {
      name: "answers batches of every signal",
      run: within(async ({ sender }) => {
        const data = seeded(1);
        for (const batch of [data.traces(), data.metrics(), data.logs()])
          accepts(await sender.send(batch, {}), batch.signal);
      }),
    },
    {
      name: "takes sends that overlap [H-02]",
      run: within(async ({ sender }) => {
        const data = seeded(1);
        const acks = await Promise.all(Array.from({ length: 20 }, () => sender.send(data.logs({ items: 5 }), {})));
        for (const ack of acks) accepts(ack, "one of 20");
      }),
    },
    {
      name: "waits at close for what is under way [A-22]",
      run: within(async ({ sender, hold, release, arrived }) => {
        hold();
        const sent = later(sender.send(one(), {}));
        await arrived(1);
        let closed = false;
        const closing = later(sender.close().then(() => (closed = true)));
        await turns();
        check(!closed, "close waits while there is no answer");
        release();
        accepts(await sent, "the send under way");
        await closing;
      }),
    },
    {
      name: "may be closed twice, at the same time and afterwards",
      run: within(async ({ sender }) => {
        accepts(await sender.send(one(), {}), "a send before");
        await Promise.all([sender.close(), sender.close()]);
        await sender.close();
      }),
    },
    {
      name: "may be closed without ever having sent",
      run: within(({ sender }) => sender.close()),
    },
    {
      name: "fails with closed after close",
      run: within(async ({ sender }) => {
        await sender.close();
        const error = await failsWith(sender.send(one(), {}), "closed", "a send after close");
        check(!error.retryable, "closed is not to be sent again");
      }),
    },
    {
      name: "ends with cancelled when the caller gives up, and closes all the same",
      run: within(async ({ sender, hold, arrived }) => {
        hold();
        const controller = new AbortController();
        const sent = later(
          failsWith(sender.send(one(), { signal: controller.signal }), "cancelled", "an aborted send"),
        );
        await arrived(1);
        controller.abort();
        const error = await sent;
        check(!error.retryable, "who gave up does not want it sent again");
        await sender.close();
      }),
    },
    {
      name: "sends nothing for a caller who gave up before",
      run: within(async ({ sender }) => {
        await failsWith(sender.send(one(), { signal: AbortSignal.abort() }), "cancelled", "a send aborted before");
      }),
    },
    {
      name: "ends with timeout, which is retryable, when the deadline passes [A-16, A-17, F-15]",
      run: within(async ({ sender, hold }) => {
        hold();
        const deadline = performance.now() + 200;
        const error = await failsWith(sender.send(one(), { deadline }), "timeout", "a send without an answer");
        check(error.retryable, "a timeout may be sent again");
      }),
    },
    {
      name: "ends with timeout at once when the deadline has passed before",
      run: within(async ({ sender, hold }) => {
        hold();
        await failsWith(sender.send(one(), { deadline: performance.now() - 1 }), "timeout", "a send too late");
      }),
    },
    {
      name: "goes on after a send that was given up",
      run: within(async ({ sender, hold, release }) => {
        hold();
        await failsWith(
          sender.send(one(), { deadline: performance.now() + 200 }),
          "timeout",
          "a send without an answer",
        );
        release();
        accepts(await sender.send(one(), {}), "the send after");
      }),
    },
  ];
}
