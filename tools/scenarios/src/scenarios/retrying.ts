import { type Answer, freePort, grpcBackend, httpBackend, type ScriptedAnswer } from "@otlpkit/testkit/node";
import { spans } from "../items.ts";
import { hold, type Scenario } from "../scenario.ts";
import { invalid, ok, unavailable } from "./answers.ts";
import { grpcOnly } from "./not-for.ts";
import { ended, gaps, missing, pause, requests, seconds, warnings, within } from "./seen.ts";

/** What is tried again and when. */
export const retryScenarios: readonly Scenario[] = [
  {
    ids: ["F-01", "F-12"],
    title: "waits between attempts grow, and differ from one to the other",
    async run(stage) {
      const runs = await Promise.all(
        [1, 2, 3, 4, 5, 6].map(async () => {
          const backend = await stage.backend();
          backend.script(unavailable(stage), unavailable(stage), unavailable(stage), ok);
          const outcome = await stage.subject({ url: backend.url }).export(spans(1));
          hold(backend.requests.length > 2, () => ended(outcome, backend));
          return gaps(backend);
        }),
      );
      const mean = (at: number): number => runs.reduce((sum, each) => sum + (each[at] ?? 0), 0) / runs.length;
      hold(mean(1) > mean(0), () => `${seconds(mean(0))}, then ${seconds(mean(1))}`);
      const firsts = runs.map(([first = 0]) => first);
      hold(Math.max(...firsts) - Math.min(...firsts) > 20, "all wait equally long");
    },
  },
  {
    ids: ["F-02", "F-09"],
    title: "each status that passes, then OK: delivered",
    async run(stage) {
      const answers = stage.http
        ? [429, 502, 503, 504].map((httpStatus): [number, Answer] => [httpStatus, { kind: "refuse", httpStatus }])
        : [1, 4, 10, 11, 14, 15].map((grpcStatus): [number, Answer] => [grpcStatus, { kind: "refuse", grpcStatus }]);
      const lost = await Promise.all(
        answers.map(async ([status, answer]) => {
          const backend = await stage.backend();
          backend.script(answer, ok);
          const outcome = await stage.subject({ url: backend.url }).export(spans(1));
          return outcome.ok && backend.requests.length === 2 ? [] : [status];
        }),
      );
      hold(lost.flat().length === 0, `lost after ${lost.flat().join(", ")}`);
    },
  },
  {
    ids: ["F-03", "F-10", "A-13", "C-18"],
    title: "every other status: one attempt",
    async run(stage) {
      const statuses = stage.http
        ? Array.from({ length: 200 }, (_, n) => 400 + n).filter((status) => ![429, 502, 503, 504].includes(status))
        : [2, 3, 5, 6, 7, 9, 12, 13, 16];
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, timeoutMs: 3000 });
      for (const status of statuses) {
        backend.script({ kind: "refuse", ...(stage.http ? { httpStatus: status } : { grpcStatus: status }) });
        const before = backend.requests.length;
        const outcome = await subject.export(spans(1));
        hold(!outcome.ok, `${status} is said to be delivered`);
        hold(backend.requests.length === before + 1, () => `${status}: ${backend.requests.length - before} attempts`);
      }
    },
  },
  {
    ids: ["F-10"],
    title: "413: given up at once, and told",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(
        stage.http ? { kind: "refuse", httpStatus: 413 } : { kind: "refuse", grpcStatus: 8, message: "too large" },
      );
      const outcome = await stage.subject({ url: backend.url }).export(spans(1));
      hold(!outcome.ok && backend.requests.length === 1, () => ended(outcome, backend));
      hold(/413|too large|RESOURCE_EXHAUSTED/i.test(outcome.message), `it says only "${outcome.message}"`);
    },
  },
  {
    ids: ["F-04"],
    title: "RESOURCE_EXHAUSTED is tried again if it says when, else not",
    notFor: grpcOnly("a status of gRPC"),
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, timeoutMs: 5000 });
      backend.script({ kind: "refuse", grpcStatus: 8 }, ok);
      const without = await subject.export(spans(1));
      hold(!without.ok && backend.requests.length === 1, () => `without RetryInfo: ${ended(without, backend)}`);
      backend.script({ kind: "refuse", grpcStatus: 8, retryAfterMs: 100 }, ok);
      const outcome = await subject.export(spans(1));
      hold(outcome.ok, "with RetryInfo: lost");
    },
  },
  {
    ids: ["F-05", "F-11"],
    title: "a wait that the backend asks for is kept: RetryInfo, Retry-After in seconds and as a date",
    async run(stage) {
      const date = (): Answer => {
        const headers = { "retry-after": new Date(Date.now() + 3000).toUTCString() };
        return { kind: "refuse", httpStatus: 503, headers };
      };
      const cases: readonly (readonly [string, number, ScriptedAnswer])[] = stage.http
        ? [
            ["503", 2000, { kind: "refuse", httpStatus: 503, retryAfterMs: 2000 }],
            ["502", 2000, { kind: "refuse", httpStatus: 502, retryAfterMs: 2000 }],
            ["429", 2000, { kind: "refuse", httpStatus: 429, retryAfterMs: 2000 }],
            // A date has whole seconds, so that it may be up to one nearer.
            ["date", 2000, date],
          ]
        : [
            ["250 ms", 250, { kind: "refuse", grpcStatus: 14, retryAfterMs: 250 }],
            ["2 s", 2000, { kind: "refuse", grpcStatus: 14, retryAfterMs: 2000, trailersOnly: false }],
          ];
      await Promise.all(
        cases.map(async ([name, waitMs, answer]) => {
          const backend = await stage.backend();
          backend.script(answer, ok);
          const outcome = await stage.subject({ url: backend.url }).export(spans(1));
          hold(outcome.ok, () => `${name}: ${ended(outcome, backend)}`);
          const [gap = 0] = gaps(backend);
          hold(gap > waitMs - 50, () => `${name}: waits ${seconds(gap)}`);
          hold(gap < waitMs * 2 + 1500, () => `${name}: waits ${seconds(gap)}`);
        }),
      );
    },
  },
  {
    ids: ["F-06"],
    title: "asked to wait for 0 s, or for nonsense: waits as if not asked",
    async run(stage) {
      const cases: readonly Answer[] = stage.http
        ? ["0", "-5", "soon"].map((value) => ({ kind: "refuse", httpStatus: 503, headers: { "retry-after": value } }))
        : [{ kind: "refuse", grpcStatus: 14, retryAfterMs: 0 }];
      await Promise.all(
        cases.map(async (answer) => {
          const backend = await stage.backend();
          backend.script(answer, answer, answer, ok);
          const outcome = await stage.subject({ url: backend.url }).export(spans(1));
          hold(outcome.ok, () => ended(outcome, backend));
          const waitedMs = gaps(backend).reduce((sum, gap) => sum + gap, 0);
          hold(waitedMs > 1500, "tries again at once");
        }),
      );
    },
  },
  {
    ids: ["F-07"],
    title: "asked to wait again and again: waits do not shrink",
    async run(stage) {
      const backend = await stage.backend();
      const retryAfterMs = stage.http ? 1000 : 700;
      backend.script(...[1, 2, 3].map(() => unavailable(stage, { retryAfterMs })), ok);
      const outcome = await stage.subject({ url: backend.url, timeoutMs: 14_000 }).export(spans(1));
      hold(outcome.ok && backend.requests.length === 4, () => ended(outcome, backend));
      const waited = gaps(backend);
      const shrinks = waited.some((gap, n) => gap < Math.max(retryAfterMs - 50, 0.75 * (waited[n - 1] ?? 0)));
      hold(!shrinks, () => waited.map(seconds).join(", "));
    },
  },
  {
    ids: ["F-08"],
    title: "RetryInfo is read from base64 with and without padding; garbage counts as none",
    notFor: grpcOnly("details of a gRPC status"),
    async run(stage) {
      // Status { code: 14 details: [RetryInfo { retry_delay: 1.5 s }] }
      const type = "type.googleapis.com/google.rpc.RetryInfo";
      const delay = [0x0a, 7, 0x08, 1, 0x10, 0x80, 0xca, 0xb5, 0xee, 1];
      delay[1] = delay.length - 2;
      const any = [0x0a, type.length, ...Buffer.from(type), 0x12, delay.length, ...delay];
      const details = Buffer.from([0x08, 14, 0x1a, any.length, ...any]).toString("base64");
      const cases = [
        ["padded", details, 1450],
        ["unpadded", details.replace(/=+$/, ""), 1450],
        ["garbage", "AAAA", 300],
      ] as const;
      await Promise.all(
        cases.map(async ([name, detailsBin, leastMs]) => {
          const backend = await stage.backend();
          backend.script({ kind: "refuse", grpcStatus: 14, detailsBin }, ok);
          const outcome = await stage.subject({ url: backend.url }).export(spans(1));
          hold(outcome.ok, () => `${name}: ${ended(outcome, backend)}`);
          hold((gaps(backend)[0] ?? 0) >= leastMs, () => `${name}: waits ${seconds(gaps(backend)[0] ?? 0)}`);
        }),
      );
    },
  },
  {
    ids: ["F-12"],
    title: "503 without more, UNAVAILABLE without more: the same again after a while",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(unavailable(stage), ok);
      const outcome = await stage.subject({ url: backend.url }).export(spans(1));
      hold(outcome.ok, () => ended(outcome, backend));
      hold((gaps(backend)[0] ?? 0) > 400, () => `tries again after ${seconds(gaps(backend)[0] ?? 0)}`);
    },
  },
  {
    ids: ["F-13"],
    title: "the backend takes the request and cuts the connection without an answer: sent again",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "reset", when: "before-headers" }, ok);
      const outcome = await stage.subject({ url: backend.url }).export(spans(1));
      hold(outcome.ok, () => ended(outcome, backend));
    },
  },
  {
    ids: ["F-14"],
    title: "the backend comes up only 2 s later: delivered",
    async run(stage) {
      const port = await freePort();
      const subject = stage.subject({ url: `http://127.0.0.1:${port}` });
      const exported = subject.export(spans(1));
      await pause(2000);
      const backend = await (stage.http ? httpBackend({ port }) : grpcBackend({ port }));
      stage.after(() => backend.close());
      const outcome = await exported;
      hold(outcome.ok, outcome.tookMs < 1500 ? "fails at once" : () => `failed after ${seconds(outcome.tookMs)}`);
    },
  },
  {
    ids: ["F-14"],
    title: "the backend is busy for 11 s: what was recorded arrives all the same",
    budgetMs: 30_000,
    async run(stage) {
      const backend = await stage.backend();
      const busyUntilMs = performance.now() + 11_000;
      backend.script(() => (performance.now() < busyUntilMs ? unavailable(stage) : ok));
      const subject = stage.subject({ url: backend.url, maxAgeMs: 50 });
      const items = spans(100);
      subject.record(items);
      await within(26_000, () => missing(items, backend) === 0 || warnings(stage.reports).length > 0);
      hold(missing(items, backend) === 0, () => `lost after ${requests(backend)}`);
    },
  },
  {
    ids: ["F-15", "A-16"],
    title: "the first attempt hangs: another one is made while there is time",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "hang" }, ok);
      const outcome = await stage.subject({ url: backend.url }).export(spans(1));
      hold(outcome.ok, () => ended(outcome, backend));
    },
  },
  {
    ids: ["F-16"],
    title: "asked to wait for 60 s with 10 s left: fails at once",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(unavailable(stage, { retryAfterMs: 60_000 }), ok);
      const outcome = await stage.subject({ url: backend.url }).export(spans(1));
      hold(!outcome.ok && backend.requests.length === 1, () => ended(outcome, backend));
      hold(outcome.tookMs < 4000, () => `fails after ${seconds(outcome.tookMs)}`);
    },
  },
  {
    ids: ["F-18", "H-05"],
    title: "one destination asks to wait: another is served meanwhile",
    async run(stage) {
      const busy = await stage.backend();
      busy.script(unavailable(stage, { retryAfterMs: 5000 }));
      const healthy = await stage.backend();
      void stage.subject({ url: busy.url }).export(spans(1));
      const subject = stage.subject({ url: healthy.url });
      const outcomes = await Promise.all([1, 2, 3].map(() => subject.export(spans(1))));
      const slowest = Math.max(...outcomes.map(({ tookMs }) => tookMs));
      hold(outcomes.every((outcome) => outcome.ok) && slowest < 4000, () => `takes ${seconds(slowest)}`);
    },
  },
  {
    ids: ["A-24", "F-18"],
    title: "a backend that asks to wait for 2 s gets no other batch meanwhile",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(unavailable(stage, { retryAfterMs: 2000 }), ok);
      const subject = stage.subject({ url: backend.url });
      const first = subject.export(spans(1));
      await within(5000, () => backend.requests.length === 1);
      await pause(200);
      const second = subject.export(spans(1));
      await pause(1200);
      hold(backend.requests.length === 1, "the next batch is sent at once");
      const outcomes = await Promise.all([first, second]);
      hold(
        outcomes.every((outcome) => outcome.ok),
        () => `${outcomes.filter((outcome) => !outcome.ok).length} of 2 lost`,
      );
    },
  },
  {
    ids: ["O-14", "F-19"],
    title: "a batch that is refused for good is not sent again by the processor",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(invalid(stage));
      const subject = stage.subject({ url: backend.url });
      subject.record(spans(5));
      await subject.flush();
      await pause(1000);
      hold(backend.requests.length === 1, requests(backend));
    },
  },
  {
    ids: ["F-20"],
    title: "shutdown during the wait for the next attempt keeps to its time",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(unavailable(stage, { retryAfterMs: 7000 }));
      const subject = stage.subject({ url: backend.url });
      subject.record(spans(5));
      void subject.flush();
      await within(5000, () => backend.requests.length === 1);
      const outcome = await subject.shutdown(500);
      hold(outcome.tookMs < 3000, () => `takes ${seconds(outcome.tookMs)}`);
      const { lost } = await subject.counts();
      hold(lost === 5, `it counts ${lost} of 5 as lost`);
    },
  },
  {
    ids: ["F-21"],
    title: "answers of a proxy without a gRPC status: 429, 502, 503, 504 pass, others do not",
    notFor: grpcOnly("the mapping of gRPC"),
    async run(stage) {
      await Promise.all(
        [429, 502, 503, 504, 400, 401, 403, 404].map(async (httpStatus) => {
          const backend = await stage.backend();
          backend.script({ kind: "refuse", httpStatus }, ok);
          const outcome = await stage.subject({ url: backend.url }).export(spans(1));
          const passes = [429, 502, 503, 504].includes(httpStatus);
          hold(outcome.ok === passes, () => `${httpStatus}: ${ended(outcome, backend)}`);
        }),
      );
    },
  },
];
