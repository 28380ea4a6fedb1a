import type { Answer } from "@otlpkit/testkit/node";
import { logs, spans } from "../items.ts";
import { hold, type Scenario, type Stage } from "../scenario.ts";
import { ended, requests, seconds } from "./seen.ts";

const mebibyte = 1024 * 1024;

/** How large requests and answers may be, and how long an export may take. */
export const limitScenarios: readonly Scenario[] = [
  {
    ids: ["A-09", "A-08", "A-10", "C-09", "C-10"],
    title: "what is larger than 64 MiB is never sent, and told",
    alone: true,
    budgetMs: 30_000,
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, signal: "logs", timeoutMs: 20_000 });
      const outcome = await subject.export(logs(1, "x".repeat(65 * mebibyte)));
      hold(backend.requests.length === 0, "65 MiB are sent");
      hold(!outcome.ok && outcome.message !== "", "it is not told");
    },
  },
  {
    ids: ["I-18", "A-08", "C-09"],
    title: "the largest request can be chosen",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, signal: "logs", maxRequestBytes: 100_000 });
      const small = await subject.export(logs(1, "x".repeat(50_000)));
      hold(small.ok, () => `50 KB: ${ended(small, backend)}`);
      await subject.export(logs(1, "x".repeat(200_000)));
      hold(backend.requests.length === 1, "200 KB are sent");
    },
  },
  {
    ids: ["I-18", "A-11", "C-11"],
    title: "the largest answer can be chosen",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", message: "x".repeat(20_000) });
      const outcome = await stage.subject({ url: backend.url, maxResponseBytes: 10_000 }).export(spans(1));
      hold(!outcome.ok, () => `20 KB: ${ended(outcome, backend)}`);
    },
  },
  {
    ids: ["A-11", "A-12", "C-11", "C-12"],
    title: "an answer of 5 MiB, plain or compressed, fails the export for good",
    async run(stage) {
      for (const gzip of [false, true]) {
        const backend = await stage.backend();
        // Compressed answers come only to those who say that they take them.
        const answer = ({ headers }: { readonly headers: Readonly<Record<string, string>> }): Answer => ({
          kind: "ok",
          message: "x".repeat(5 * mebibyte),
          gzip: gzip && /gzip/.test(headers[stage.http ? "accept-encoding" : "grpc-accept-encoding"] ?? ""),
        });
        backend.script(answer);
        await failsForGood(stage, backend);
      }
    },
  },
  {
    ids: ["C-11", "A-11", "C-12"],
    title: "an answer without end is broken off, and not asked for again",
    async run(stage) {
      for (const httpStatus of stage.http ? [200, 503] : [200]) {
        const backend = await stage.backend();
        backend.script({ kind: "endless", httpStatus });
        await failsForGood(stage, backend);
      }
    },
  },
  {
    ids: ["A-17", "O-06"],
    title: "a backend that never answers: the export fails at its timeout",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "hang" });
      const outcome = await stage.subject({ url: backend.url, timeoutMs: 2000 }).export(spans(1));
      hold(!outcome.ok, "said to be delivered");
      hold(outcome.tookMs > 900 && outcome.tookMs < 4000, () => `it takes ${seconds(outcome.tookMs)} of 2 s`);
    },
  },
  {
    ids: ["A-17", "C-11"],
    title: "an answer that drips in byte by byte: the export fails at its timeout",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "drip", everyMs: 100, body: new Uint8Array(80) });
      const outcome = await stage.subject({ url: backend.url, timeoutMs: 2000 }).export(spans(1));
      hold(outcome.tookMs < 4000, () => `it takes ${seconds(outcome.tookMs)} of 2 s`);
      hold(!outcome.ok, "said to be delivered");
    },
  },
  {
    ids: ["A-18"],
    title: "the timeout bounds all attempts together",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "refuse", ...(stage.http ? { httpStatus: 503 } : { grpcStatus: 14 }), delayMs: 900 });
      const outcome = await stage.subject({ url: backend.url, timeoutMs: 4000 }).export(spans(1));
      hold(backend.requests.length > 1, () => ended(outcome, backend));
      hold(outcome.tookMs < 5300, () => `it takes ${seconds(outcome.tookMs)} of 4 s`);
      const timeouts = backend.requests.map(({ headers }) => milliseconds(headers["grpc-timeout"]));
      hold(
        stage.http || timeouts.every((each, n) => n === 0 || each < (timeouts[n - 1] ?? 0)),
        `deadlines do not shrink`,
      );
    },
  },
];

async function failsForGood(stage: Stage, backend: Awaited<ReturnType<Stage["backend"]>>): Promise<void> {
  const outcome = await stage.subject({ url: backend.url, timeoutMs: 5000 }).export(spans(1));
  hold(!outcome.ok, () => ended(outcome, backend));
  hold(backend.requests.length === 1, requests(backend));
  hold(outcome.tookMs < 4500, "only the timeout ends it");
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** The value of a `grpc-timeout` header. */
function milliseconds(timeout = ""): number {
  return Number.parseInt(timeout, 10) * (unitMs[timeout.slice(-1)] ?? Number.NaN);
}
