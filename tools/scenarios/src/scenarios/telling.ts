import { logs, spans } from "../items.ts";
import { hold, type Scenario } from "../scenario.ts";
import { invalid, ok, unavailable } from "./answers.ts";
import { ended, pause, warnings } from "./seen.ts";

/** What users hear of trouble. */
export const tellingScenarios: readonly Scenario[] = [
  {
    ids: ["A-15"],
    title: "that an attempt failed and there will be another is told",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(unavailable(stage), ok);
      const outcome = await stage.subject({ url: backend.url }).export(spans(1));
      hold(outcome.ok, () => ended(outcome, backend));
      hold(
        stage.reports.some((line) => /retry|again/i.test(line)),
        "nothing is told",
      );
    },
  },
  {
    ids: ["A-14", "O-21"],
    title: "items that are refused for good are counted",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(invalid(stage));
      const subject = stage.subject({ url: backend.url });
      subject.record(spans(5));
      await subject.flush();
      const { lost } = await subject.counts();
      hold(lost === 5, `it counts ${lost} of 5`);
    },
  },
  {
    ids: ["A-16"],
    title: "items that have no answer when the program ends are counted",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "hang" });
      const subject = stage.subject({ url: backend.url, timeoutMs: 1500 });
      subject.record(spans(5));
      await subject.shutdown(2000);
      const { lost } = await subject.counts();
      hold(lost === 5, `it counts ${lost} of 5`);
    },
  },
  {
    ids: ["O-22"],
    title: "that recorded items are lost is told",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(invalid(stage));
      const subject = stage.subject({ url: backend.url });
      subject.record(spans(5));
      await subject.flush();
      await pause(50);
      hold(stage.reports.length > 0, "nothing is told");
    },
  },
  {
    ids: ["O-23"],
    title: "10,000 drops are not 10,000 lines in the log",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "hang" });
      const subject = stage.subject({ url: backend.url, signal: "logs", maxQueueItems: 100, maxBatchItems: 100 });
      subject.record(logs(10_000));
      await pause(100);
      hold(warnings(stage.reports).length < 20, () => `${warnings(stage.reports).length} lines`);
    },
  },
];
