import { spans } from "../items.ts";
import { hold, type Scenario, type Stage } from "../scenario.ts";
import type { Answer, OkAnswer } from "@otlpkit/testkit/node";
import { invalid } from "./answers.ts";
import { httpOnly } from "./not-for.ts";
import { ended } from "./seen.ts";

const text = new TextEncoder();

/** How answers are read, good and odd ones. */
export const answerScenarios: readonly Scenario[] = [
  {
    ids: ["C-08"],
    title: "an answer that comes compressed, where the request allows that, is read",
    async run(stage) {
      const backend = await stage.backend();
      let gzip = false;
      backend.script(({ headers }) => {
        gzip = /gzip/.test(headers[stage.http ? "accept-encoding" : "grpc-accept-encoding"] ?? "");
        return { kind: "ok", rejectedItems: 7, message: "seven are too old", gzip };
      });
      const outcome = await stage.subject({ url: backend.url }).export(spans(10));
      hold(outcome.ok, () => ended(outcome, backend));
      hold(
        /seven are too old/.test(stage.reports.join()),
        gzip ? "it asks for gzip and can't read it" : "the answer is not read",
      );
    },
  },
  {
    ids: ["C-13"],
    title: "the answer is read by its own Content-Type, not by that of the request",
    notFor: httpOnly("gRPC has one content type"),
    async run(stage) {
      const backend = await stage.backend();
      const json = stage.protocol === "http/json";
      backend.script(json ? protobufPartial : jsonPartial);
      const outcome = await stage.subject({ url: backend.url }).export(spans(10));
      hold(outcome.ok && backend.requests.length === 1, () => ended(outcome, backend));
      hold(/two are odd/.test(stage.reports.join()), "the partial success goes unseen");
    },
  },
  {
    ids: ["C-14"],
    title: "an empty, a text and an HTML body with status 200 are successes",
    notFor: httpOnly("a gRPC answer is a message"),
    run: (stage) =>
      successes(stage, [
        { kind: "ok", body: new Uint8Array() },
        { kind: "ok", body: text.encode("OK"), headers: { "content-type": "text/plain" } },
        { kind: "ok", body: text.encode("<html>fine</html>"), headers: { "content-type": "text/html" } },
      ]),
  },
  {
    ids: ["C-15"],
    title: "202 and 204 are successes",
    notFor: httpOnly("gRPC has one status of success"),
    run: (stage) =>
      successes(stage, [
        { kind: "ok", httpStatus: 202 },
        { kind: "ok", httpStatus: 204, body: new Uint8Array() },
      ]),
  },
  {
    ids: ["C-16"],
    title: "a redirect never makes a GET of the POST, and hands no credentials to another origin",
    notFor: httpOnly("gRPC has no redirects"),
    async run(stage) {
      const elsewhere = await stage.backend();
      for (const httpStatus of [301, 302, 307, 308]) {
        const backend = await stage.backend();
        backend.script({
          kind: "refuse",
          httpStatus,
          headers: { location: `${elsewhere.url}/v1/traces` },
          body: new Uint8Array(),
        });
        const subject = stage.subject({
          url: backend.url,
          headers: { authorization: "Bearer secret" },
          timeoutMs: 1000,
        });
        const outcome = await subject.export(spans(1));
        hold(!outcome.ok || elsewhere.requests.length > 0, `${httpStatus} is said to be delivered`);
      }
      hold(
        elsewhere.requests.every(({ method }) => method === "POST"),
        "it makes a GET of it",
      );
      hold(!elsewhere.requests.some(({ headers }) => "authorization" in headers), "it hands the credentials on");
    },
  },
  {
    ids: ["C-17"],
    title: "what a refusal says is told; HTML from a proxy does no harm",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url });
      backend.script(invalid(stage, { message: "the tenant is unknown here" }));
      const told = await subject.export(spans(1));
      hold(
        /the tenant is unknown here/.test([told.message, ...stage.reports].join()),
        `it says only "${told.message}"`,
      );
      backend.script({
        kind: "refuse",
        httpStatus: 400,
        body: text.encode("<html>no</html>"),
        headers: { "content-type": "text/html" },
      });
      const html = await subject.export(spans(1));
      hold(!html.ok && html.message !== "", "HTML: nothing is said");
    },
  },
  {
    ids: ["C-23"],
    title: "a connection reset in the middle of the answer fails the export and not the process",
    alone: true,
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "reset", when: "after-headers" });
      const outcome = await stage.subject({ url: backend.url, timeoutMs: 1500 }).export(spans(1));
      // Whatever may happen late should happen while we look.
      await new Promise((resolve) => setTimeout(resolve, 300));
      hold(!outcome.ok, () => ended(outcome, backend));
    },
  },
];

const jsonPartial: OkAnswer = {
  kind: "ok",
  headers: { "content-type": "application/json" },
  body: text.encode('{"partialSuccess":{"rejectedSpans":"2","errorMessage":"two are odd"}}'),
};

const protobufPartial: OkAnswer = {
  kind: "ok",
  headers: { "content-type": "application/x-protobuf" },
  // partial_success { rejected_spans: 2 error_message: "two are odd" }
  body: Uint8Array.of(0x0a, 15, 0x08, 2, 0x12, 11, ...text.encode("two are odd")),
};

/** Each of these answers ends an export well, at once. */
async function successes(stage: Stage, answers: readonly Answer[]): Promise<void> {
  for (const [index, answer] of answers.entries()) {
    const backend = await stage.backend();
    backend.script(answer);
    const outcome = await stage.subject({ url: backend.url }).export(spans(1));
    hold(outcome.ok && backend.requests.length === 1, () => `answer ${index + 1}: ${ended(outcome, backend)}`);
  }
}
