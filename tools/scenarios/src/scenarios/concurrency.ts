import { freePort } from "@otlpkit/testkit/node";
import { spans } from "../items.ts";
import { hold, type Scenario } from "../scenario.ts";
import { overlapping } from "./not-for.ts";
import { holdAllArrived, missing, pause, seconds, within } from "./seen.ts";

/** Several requests at one time. */
export const concurrencyScenarios: readonly Scenario[] = [
  {
    ids: ["H-01", "H-03"],
    title: "one request at a time, and three, can be asked for, and nothing lost by it",
    async run(stage) {
      for (const maxConcurrent of [1, 3]) {
        const backend = await stage.backend();
        backend.script({ kind: "ok", delayMs: 30 });
        const subject = stage.subject({ url: backend.url, maxConcurrent });
        const outcomes = await Promise.all(Array.from({ length: 12 }, () => subject.export(spans(1))));
        const lost = outcomes.filter((outcome) => !outcome.ok).length;
        hold(lost === 0, `at ${maxConcurrent}: ${lost} of 12 exports failed`);
        hold(backend.maxConcurrent <= maxConcurrent, `at ${maxConcurrent}: ${backend.maxConcurrent}`);
      }
    },
  },
  {
    ids: ["H-02"],
    title: "ten exports to a slow backend do not wait for each other",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 300 });
      const subject = stage.subject({ url: backend.url });
      await subject.export(spans(1));
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => subject.export(spans(50))));
      hold(
        outcomes.every((outcome) => outcome.ok),
        "some fail",
      );
      hold(backend.maxConcurrent >= 5, () => `${backend.maxConcurrent} at one time`);
    },
  },
  {
    ids: ["H-02", "O-03"],
    title: "ten batches recorded at once, and a slow backend: they do not wait for each other",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 300 });
      const options = { url: backend.url, maxBatchItems: 100, maxQueueItems: 10_000, maxAgeMs: 100 };
      const subject = stage.subject(options);
      const items = spans(1000);
      subject.record(items);
      await within(10_000, () => missing(items, backend) === 0);
      hold(missing(items, backend) === 0, () => `${missing(items, backend)} of 1000 lost`);
      hold(backend.maxConcurrent >= 5, () => `${backend.maxConcurrent} at one time`);
    },
  },
  {
    ids: ["H-02"],
    title: "forty exports at once: none is lost",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 100 });
      const subject = stage.subject({ url: backend.url });
      const outcomes = await Promise.all(Array.from({ length: 40 }, () => subject.export(spans(5))));
      const lost = outcomes.filter((outcome) => !outcome.ok).length;
      hold(lost === 0, `${lost} lost`);
    },
  },
  {
    ids: ["H-05"],
    title: "one destination is dead: the other gets all, and soon",
    async run(stage) {
      const healthy = await stage.backend();
      const dead = stage.subject({ url: `http://127.0.0.1:${await freePort()}` });
      const subject = stage.subject({ url: healthy.url });
      void dead.export(spans(10));
      const items = spans(100);
      subject.record(items);
      const outcome = await subject.flush();
      hold(outcome.tookMs < 4000, () => `takes ${seconds(outcome.tookMs)}`);
      holdAllArrived(items, healthy);
    },
  },
  {
    ids: ["O-07", "H-09"],
    title: "the processor never calls the exporter while it is at it: batches, flush and shutdown at once",
    notFor: overlapping,
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 50 });
      const subject = stage.subject({ url: backend.url, maxBatchItems: 100 });
      subject.record(spans(1000));
      await pause(10);
      await Promise.all([subject.flush(), subject.shutdown()]);
      hold(backend.maxConcurrent <= 1, "several calls at one time");
    },
  },
];
