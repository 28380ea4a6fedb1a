import type { OkAnswer } from "@otlpkit/testkit/node";
import { points, spans } from "../items.ts";
import { hold, type Scenario } from "../scenario.ts";
import { invalid } from "./answers.ts";
import { ended, requests, warnings } from "./seen.ts";

const text = new TextEncoder();

/** Answers that say that some of it was not taken. */
export const partialSuccessScenarios: readonly Scenario[] = [
  {
    ids: ["G-01", "G-02"],
    title: "a partial success is a success, is told as a warning, and never sent again",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", rejectedItems: 3, message: "three are too old" });
      const outcome = await stage.subject({ url: backend.url }).export(spans(10));
      hold(outcome.ok, () => ended(outcome, backend));
      hold(backend.requests.length === 1, requests(backend));
      hold(/three are too old/.test(stage.reports.join()), "it is not told");
    },
  },
  {
    ids: ["G-03"],
    title: "a partial success that says nothing is a full success: no warning",
    async run(stage) {
      const backend = await stage.backend();
      const body = stage.protocol === "http/json" ? text.encode('{"partialSuccess":{}}') : Uint8Array.of(0x0a, 0);
      backend.script({ kind: "ok", body });
      const outcome = await stage.subject({ url: backend.url }).export(spans(10));
      hold(outcome.ok && backend.requests.length === 1, () => ended(outcome, backend));
      hold(warnings(stage.reports).length === 0, "it warns");
    },
  },
  {
    ids: ["G-04"],
    title: "nothing rejected but a message: a warning, and nothing counted as lost",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", rejectedItems: 0, message: "please use the new endpoint" });
      const subject = stage.subject({ url: backend.url });
      subject.record(spans(10));
      const outcome = await subject.flush();
      hold(outcome.ok && backend.requests.length === 1, () => ended(outcome, backend));
      hold(/the new endpoint/.test(stage.reports.join()), "it is not told");
      const { lost } = await subject.counts();
      hold(lost === 0, `it counts ${lost} as lost`);
    },
  },
  {
    ids: ["G-05"],
    title: "counts are read as text and as number, up to 2^63-1",
    async run(stage) {
      for (const count of ["2", "9223372036854775807"]) {
        for (const answer of stage.protocol === "http/json" ? inJson(count) : [inProtobuf(count)]) {
          const backend = await stage.backend();
          backend.script(answer);
          const told = stage.reports.length;
          const outcome = await stage.subject({ url: backend.url }).export(spans(10));
          hold(outcome.ok && backend.requests.length === 1, () => ended(outcome, backend));
          hold(/some are odd/.test(stage.reports.slice(told).join()), `${count} is not read`);
        }
      }
    },
  },
  {
    ids: ["G-06"],
    title: "what was rejected is counted as lost, the rest as delivered",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", rejectedItems: 3, message: "three are too old" });
      const subject = stage.subject({ url: backend.url });
      subject.record(spans(10));
      await subject.flush();
      const { delivered, lost } = await subject.counts();
      hold(delivered === 7 && lost === 3, `it counts ${delivered} as delivered, ${lost} as lost`);
    },
  },
  {
    ids: ["G-08"],
    title: "of metrics the points are counted: one counter with four is four",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(invalid(stage), { kind: "ok", rejectedItems: 3, message: "three are too old" });
      const subject = stage.subject({ url: backend.url, signal: "metrics" });
      await subject.export(points(4));
      const { lost } = await subject.counts();
      await subject.export(points(4));
      const told = stage.reports.some((line) => /\b3 of 4\b/.test(line));
      hold(lost === 4 || told, `all four are refused, and it counts ${lost}`);
    },
  },
];

/** As text and as a number. */
function inJson(count: string): OkAnswer[] {
  return [`"${count}"`, count].map((value) => ({
    kind: "ok",
    body: text.encode(`{"partialSuccess":{"rejectedSpans":${value},"errorMessage":"some are odd"}}`),
  }));
}

function inProtobuf(count: string): OkAnswer {
  const varint: number[] = [];
  for (let rest = BigInt(count); ; rest >>= 7n) {
    varint.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    if (rest <= 0x7fn) break;
  }
  const message = [0x08, ...varint, 0x12, 12, ...text.encode("some are odd")];
  return { kind: "ok", body: Uint8Array.of(0x0a, message.length, ...message) };
}
