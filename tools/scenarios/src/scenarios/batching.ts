import { itemsOf, points, spans } from "../items.ts";
import { hold, type Scenario, type Stage } from "../scenario.ts";
import type { Subject } from "../subject.ts";
import { invalid, ok } from "./answers.ts";
import { holdAllArrived, missing, pause, requests, seconds, sizes, within } from "./seen.ts";

/** What is recorded one by one: held, batched, flushed, dropped. */
export const batchScenarios: readonly Scenario[] = [
  {
    ids: ["O-01"],
    title: "3,000 items, room for 2,048, a backend that is stuck: what is dropped is counted, the rest delivered",
    async run(stage) {
      const backend = await stage.backend();
      const { promise: until, resolve: release } = Promise.withResolvers<void>();
      backend.script({ kind: "ok", until });
      const subject = stage.subject({ url: backend.url, maxQueueItems: 2048 });
      const items = spans(3000);
      subject.record(items);
      await backend.arrived(1);
      release();
      await subject.flush();
      await within(3000, () => backend.acceptedItemIds().length >= 2048);
      const lost = missing(items, backend);
      hold(lost > 0 && lost <= 952, `${lost} are dropped`);
      const counts = await subject.counts();
      hold(counts.lost === lost, `${lost} are dropped, ${counts.lost} counted`);
    },
  },
  {
    ids: ["O-01"],
    title: "3,000 items at once and nothing said about room: none is lost",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 300 });
      const subject = stage.subject({ url: backend.url });
      const items = spans(3000);
      subject.record(items);
      await subject.flush();
      await within(4000, () => missing(items, backend) === 0);
      holdAllArrived(items, backend);
    },
  },
  {
    ids: ["O-01", "H-02"],
    title: "20,000 items in a second, 100 ms a request: none is lost",
    budgetMs: 20_000,
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 100 });
      const subject = stage.subject({ url: backend.url });
      const all = [];
      for (let n = 0; n < 20; n++) {
        const items = spans(1000);
        all.push(items);
        subject.record(items);
        await pause(50);
      }
      await subject.flush();
      await within(6000, () => backend.acceptedItemIds().length >= 20_000);
      const lost = all.reduce((sum, items) => sum + missing(items, backend), 0);
      hold(lost === 0, `${lost} lost`);
    },
  },
  {
    ids: ["O-02"],
    title: "1,300 items, 512 a request: no request has more, and none is lost",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, maxBatchItems: 512 });
      const items = spans(1300);
      subject.record(items);
      await subject.flush();
      await within(3000, () => missing(items, backend) === 0);
      holdAllArrived(items, backend);
      hold(Math.max(...sizes(backend)) <= 512, () => sizes(backend).join(", "));
    },
  },
  {
    ids: ["O-04", "O-03"],
    title: "a full batch goes at once, however long the delay",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, maxBatchItems: 100, maxAgeMs: 60_000 });
      subject.record(spans(100));
      hold(await within(2000, () => backend.requests.length > 0), "it waits");
    },
  },
  {
    ids: ["O-05", "O-03"],
    title: "one item alone goes after a delay: 5 s for spans, 1 s for log records",
    async run(stage) {
      await Promise.all([waits(stage, "traces", 5000), waits(stage, "logs", 1000)]);
    },
  },
  {
    ids: ["O-06"],
    title: "a request hangs: the next batch goes all the same",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "hang" }, ok);
      const subject = stage.subject({ url: backend.url, timeoutMs: 2000, maxBatchItems: 10, maxAgeMs: 100 });
      subject.record(spans(10));
      await backend.arrived(1);
      const next = spans(10);
      subject.record(next);
      hold(await within(6000, () => missing(next, backend) === 0), "it is not sent");
    },
  },
  {
    ids: ["O-08"],
    title: "nothing recorded: nothing sent, by flush and shutdown neither",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, maxAgeMs: 50 });
      await pause(300);
      await subject.flush();
      await subject.shutdown();
      hold(backend.requests.length === 0, requests(backend));
    },
  },
  {
    ids: ["O-09"],
    title: "flush waits for what is under way already",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 1000 });
      const subject = stage.subject({ url: backend.url, maxBatchItems: 10, maxAgeMs: 50 });
      const items = spans(10);
      subject.record(items);
      await backend.arrived(1);
      const outcome = await subject.flush();
      hold(missing(items, backend) === 0, () => `returns after ${seconds(outcome.tookMs)}, with 10 under way`);
    },
  },
  {
    ids: ["O-09"],
    title: "flush sends everything that is queued, in as many requests as it takes",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, maxBatchItems: 100 });
      const items = spans(950);
      subject.record(items);
      await subject.flush();
      holdAllArrived(items, backend);
    },
  },
  {
    ids: ["O-10"],
    title: "flush can be told how long it may take",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "hang" });
      const subject = stage.subject({ url: backend.url, timeoutMs: 4000 });
      subject.record(spans(5));
      const outcome = await subject.flush(300);
      hold(outcome.tookMs < 3000, () => `takes ${seconds(outcome.tookMs)}`);
      hold(!outcome.ok, "says that all went well");
    },
  },
  {
    ids: ["O-11"],
    title: "flush says whether it went well",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url });
      subject.record(spans(5));
      hold((await subject.flush()).ok, "says that it failed");
      backend.script(invalid(stage));
      subject.record(spans(5));
      hold(!(await subject.flush()).ok, "items are refused, and it says that all went well");
    },
  },
  {
    ids: ["O-12"],
    title: "shutdown sends what is queued",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, maxBatchItems: 100 });
      const items = spans(950);
      subject.record(items);
      await subject.shutdown();
      holdAllArrived(items, backend);
    },
  },
  {
    ids: ["O-13"],
    title: "after shutdown everything is ignored gracefully, and an export fails",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, maxAgeMs: 50 });
      await subject.export(spans(1));
      await subject.shutdown();
      subject.record(spans(5));
      await subject.flush();
      await subject.shutdown();
      await pause(200);
      hold(backend.requests.length === 1, "what is recorded is sent");
      const outcome = await subject.export(spans(1));
      hold(!outcome.ok, "an export is said to be delivered");
    },
  },
  {
    ids: ["O-15"],
    title: "spans that are not sampled are not exported",
    notFor: ({ name }) => (name === "client" ? "what a program records, it means to send" : undefined),
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url });
      subject.record(spans(5, { sampled: false }));
      await subject.flush();
      hold(backend.requests.length === 0, "they are");
    },
  },
  {
    ids: ["O-16"],
    title: "an item that can't be encoded neither throws nor takes others along",
    alone: true,
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url });
      const broken = {
        get secret(): string {
          throw new Error("no");
        },
      };
      const good = spans(5);
      subject.record(good);
      subject.record(spans(1, { attributes: broken }));
      const more = spans(5);
      subject.record(more);
      await subject.flush();
      await pause(200);
      const lost = missing(good, backend) + missing(more, backend);
      hold(lost === 0, `${lost} of 10 others lost`);
    },
  },
  {
    ids: ["O-17"],
    title: "flushes and records in each other's way: everything arrives, once",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 20 });
      const subject = stage.subject({ url: backend.url, maxBatchItems: 50 });
      const items = spans(600);
      if (items.signal !== "traces") return;
      const flushes = items.ids.map(async (id, at) => {
        const object = items.objects[at];
        if (object === undefined) return;
        await pause(at % 7);
        subject.record({ signal: "traces", ids: [id], objects: [object] });
        if (at % 40 === 0) await subject.flush().then(() => subject.flush());
      });
      await Promise.all(flushes);
      await subject.flush();
      await within(3000, () => missing(items, backend) === 0);
      holdAllArrived(items, backend);
    },
  },
  {
    ids: ["O-19"],
    title: "metrics are cut by points: 900 points, 400 a request",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, signal: "metrics", maxBatchItems: 400 });
      subject.record(points(900));
      await subject.flush();
      await within(2000, () => sizes(backend).reduce((sum, size) => sum + size, 0) >= 900);
      const found = sizes(backend);
      hold(found.reduce((sum, size) => sum + size, 0) === 900, () => `${found.join(" + ")} of 900`);
      hold(Math.max(...found) <= 400, found.join(", "));
    },
  },
];

/** One item of the signal goes after about so long. */
async function waits(stage: Stage, signal: "traces" | "logs", delayMs: number): Promise<void> {
  const backend = await stage.backend();
  const subject: Subject = stage.subject({ url: backend.url, signal });
  const began = performance.now();
  subject.record(itemsOf(signal, 1));
  await within(delayMs + 3000, () => backend.requests.length > 0);
  const tookMs = performance.now() - began;
  hold(tookMs > delayMs * 0.5 && tookMs < delayMs + 2500, () => `${signal}: after ${seconds(tookMs)}`);
}
