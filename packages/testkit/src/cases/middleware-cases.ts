import { type Ack, type Batch, ExportError, type Middleware, type Sender } from "@otlpkit/core";
import { recordingSender, type RecordingSender } from "../recording-sender.ts";
import { seeded } from "../seeded.ts";
import { equal, failsWith, check, later, sameBytes, turns } from "./check.ts";
import { type CaseOptions, register, type Runner } from "./runner.ts";

/**
 * Proves that a {@link Middleware} is a good link of a pipeline: what it does to batches is its own affair, but answers,
 * errors, deadlines, abort signals and `close` go through it. Batches of the cases differ in a header, so none may be merged
 * with another.
 *
 * ```ts no-run
 * middlewareCases({ it }, () => compress(gzip()));
 * ```
 */
export function middlewareCases(runner: Runner, make: () => Middleware, options?: CaseOptions): void {
  const setUp = (): { readonly far: RecordingSender; readonly stage: Sender } => {
    const far = recordingSender();
    return { far, stage: make()(far) };
  };
  const batches = (count: number): Batch[] => {
    const data = seeded(1);
    return Array.from({ length: count }, (_, index) => ({
      ...data.traces({ items: 20 + index }),
      headers: { "x-case": String(index) },
    }));
  };
  const one = (): Batch => seeded(1).traces({ items: 20 });

  register(
    runner,
    [
      {
        name: "hands on every item",
        run: async () => {
          const { far, stage } = setUp();
          for (const batch of batches(3)) await stage.send(batch, {});
          await stage.close();
          equal(
            far.batches.reduce((sum, { items }) => sum + items, 0),
            20 + 21 + 22,
            "items that reached the next sender",
          );
        },
      },
      {
        name: "hands on signal and headers",
        run: async () => {
          const { far, stage } = setUp();
          const data = seeded(1);
          for (const batch of [data.traces(), data.metrics(), data.logs()]) {
            await stage.send({ ...batch, headers: { "x-tenant": batch.signal } }, {});
          }
          await stage.close();
          for (const { signal, headers } of far.batches) equal(headers, { "x-tenant": signal }, `headers of ${signal}`);
          equal(
            [...new Set(far.batches.map(({ signal }) => signal))].toSorted(),
            ["logs", "metrics", "traces"],
            "signals",
          );
        },
      },
      {
        name: "leaves the batch that it is given as it was [F-17, H-06]",
        run: async () => {
          const { stage } = setUp();
          const batch = Object.freeze({ ...one(), headers: Object.freeze({}) });
          await stage.send(batch, {});
          await stage.close();
          sameBytes(batch.body, one().body, "the body");
        },
      },
      {
        name: "answers with the answer of the next sender [G-02, G-06]",
        run: async () => {
          const { far, stage } = setUp();
          far.script({ rejectedItems: 3, message: "three had no name" });
          equal(await stage.send(one(), {}), { rejectedItems: 3, message: "three had no name" }, "the answer");
          await stage.close();
        },
      },
      {
        name: "gives each of several overlapping sends its own answer",
        run: async () => {
          const { far, stage } = setUp();
          const waiting: (() => void)[] = [];
          far.script((batch) => {
            const message = batch.headers["x-case"] ?? "";
            const ack: Ack = { rejectedItems: 0, message };
            // The first are answered last.
            return new Promise((resolve) => {
              waiting.push(() => resolve(ack));
              if (waiting.length === 5) for (const answer of waiting.toReversed()) answer();
            });
          });
          const answers = await Promise.all(batches(5).map((batch) => stage.send(batch, {})));
          equal(
            answers.map(({ message }) => message),
            ["0", "1", "2", "3", "4"],
            "answers",
          );
          await stage.close();
        },
      },
      {
        name: "fails with the permanent error of the next sender",
        run: async () => {
          const { far, stage } = setUp();
          far.script(new ExportError("invalid", "the far side refused it", { grpcStatus: 3 }));
          const error = await failsWith(stage.send(one(), {}), "invalid", "a send that is refused");
          check(!error.retryable, "the error stays permanent");
          equal(error.grpcStatus, 3, "its gRPC status");
          await stage.close();
        },
      },
      {
        name: "ends with timeout when the deadline passes [A-17]",
        run: async () => {
          const { far, stage } = setUp();
          far.script("hang");
          const deadline = performance.now() + 100;
          await failsWith(stage.send(one(), { deadline }), "timeout", "a send without an answer");
          await stage.close();
        },
      },
      {
        name: "ends with cancelled when the caller gives up",
        run: async () => {
          const { far, stage } = setUp();
          const controller = new AbortController();
          far.script(() => {
            controller.abort();
            return new Promise(() => undefined);
          });
          const error = await failsWith(
            stage.send(one(), { signal: controller.signal }),
            "cancelled",
            "an aborted send",
          );
          check(!error.retryable, "who gave up does not want it sent again");
        },
      },
      {
        name: "closes the next sender, after what is under way",
        run: async () => {
          const { far, stage } = setUp();
          const order: string[] = [];
          far.script(async () => {
            await turns();
            order.push("answered");
            return { rejectedItems: 0, message: "" };
          });
          const sent = later(stage.send(one(), {}));
          await stage.close().then(() => order.push("closed"));
          await sent;
          equal(order, ["answered", "closed"], "the order");
          equal(far.closed, true, "whether the next sender is closed");
          equal(far.batches.length, 1, "batches that reached the next sender");
        },
      },
      {
        name: "may be closed twice",
        run: async () => {
          const { far, stage } = setUp();
          await Promise.all([stage.close(), stage.close()]);
          await stage.close();
          equal(far.closed, true, "whether the next sender is closed");
        },
      },
      {
        name: "fails with closed after close",
        run: async () => {
          const { far, stage } = setUp();
          await stage.close();
          await failsWith(stage.send(one(), {}), "closed", "a send after close");
          equal(far.batches.length, 0, "batches that reached the next sender");
        },
      },
      {
        name: "keeps the senders that it is put in front of apart [H-05]",
        run: async () => {
          const stage = make();
          const [left, right] = [recordingSender(), recordingSender()];
          const [toLeft, toRight] = [stage(left), stage(right)];
          await toLeft.close();
          await toRight.send(one(), {});
          await toRight.close();
          equal([left.batches.length, right.batches.length], [0, 1], "batches that reached each");
        },
      },
    ],
    options,
  );
}
