import { itemsOf, spans } from "../items.ts";
import { hold, type Scenario } from "../scenario.ts";
import { signals } from "@otlpkit/core";
import { ok, unavailable } from "./answers.ts";
import { httpOnly } from "./not-for.ts";
import { ended, holdAllArrived, requests } from "./seen.ts";

/** What a request looks like, and over which connection it comes. */
export const requestScenarios: readonly Scenario[] = [
  {
    ids: ["A-01", "C-01"],
    title: "an export is one request: a unary call, a POST",
    async run(stage) {
      const backend = await stage.backend();
      const items = spans(3);
      const outcome = await stage.subject({ url: backend.url }).export(items);
      hold(outcome.ok && backend.requests.length === 1, () => ended(outcome, backend));
      hold(backend.requests[0]?.method === "POST", () => `method ${backend.requests[0]?.method}`);
      holdAllArrived(items, backend);
    },
  },
  {
    ids: ["A-02", "C-05"],
    title: "each signal goes to its path",
    async run(stage) {
      for (const signal of ["traces", "metrics", "logs"] as const) {
        const backend = await stage.backend();
        const outcome = await stage.subject({ url: backend.url, signal }).export(itemsOf(signal, 1));
        hold(outcome.ok, `${signal}: ${outcome.message}`);
        const path = stage.http ? signals[signal].httpPath : signals[signal].grpcPath;
        hold(backend.requests[0]?.path === path, () => `${signal} went to ${backend.requests[0]?.path}`);
      }
    },
  },
  {
    ids: ["C-02", "C-03"],
    title: "the Content-Type names the encoding",
    notFor: httpOnly("gRPC has one content type"),
    async run(stage) {
      const backend = await stage.backend();
      await stage.subject({ url: backend.url }).export(spans(1));
      const type = backend.requests[0]?.headers["content-type"];
      const wanted = stage.protocol === "http/json" ? "application/json" : "application/x-protobuf";
      hold(type === wanted, `it is ${type}`);
    },
  },
  {
    ids: ["C-06", "C-22"],
    title: "a URL given for a signal is used as it stands",
    notFor: httpOnly("paths of gRPC are fixed"),
    async run(stage) {
      const backend = await stage.backend();
      const outcome = await stage.subject({ signalUrl: `${backend.url}/my/own/path` }).export(spans(1));
      hold(
        backend.requests[0]?.path === "/my/own/path",
        () => `went to ${backend.requests[0]?.path}; ${outcome.message}`,
      );
    },
  },
  {
    ids: ["A-19"],
    title: "headers travel with every request, on a new connection too",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url, headers: { "x-tenant": "shop", "x-team": "blue" } });
      await subject.export(spans(1));
      backend.dropConnections();
      const outcome = await subject.export(spans(1));
      hold(outcome.ok, () => `after a reconnect: ${ended(outcome, backend)}`);
      const complete = backend.requests.filter(
        ({ headers }) => headers["x-tenant"] === "shop" && headers["x-team"] === "blue",
      );
      hold(complete.length === backend.requests.length, () => `${complete.length} of ${requests(backend)} have them`);
    },
  },
  {
    ids: ["A-20", "C-07"],
    title: "gzip is used and declared when asked for, and only then",
    async run(stage) {
      const encoding = stage.http ? "content-encoding" : "grpc-encoding";
      for (const compression of ["gzip", "none"] as const) {
        const backend = await stage.backend();
        const items = spans(50);
        await stage.subject({ url: backend.url, compression }).export(items);
        const [request] = backend.requests;
        const said = request?.headers[encoding];
        hold(
          compression === "gzip" ? said === "gzip" : said === undefined || said === "identity",
          `${compression}: ${said}`,
        );
        hold(
          stage.http || request?.compressedFlag === (compression === "gzip" ? 1 : 0),
          `${compression}: flag is wrong`,
        );
        holdAllArrived(items, backend);
      }
    },
  },
  {
    ids: ["C-19"],
    title: "twenty exports in a row use one connection",
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url });
      for (let n = 0; n < 20; n++) await subject.export(spans(1));
      hold(backend.requests.length === 20, requests(backend));
      hold(backend.totalConnections === 1, `${backend.totalConnections} connections`);
    },
  },
  {
    ids: ["C-20"],
    title: "an idle connection is closed at the moment of the next request: it is sent again",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(ok, { kind: "reset", when: "before-body" }, ok);
      const subject = stage.subject({ url: backend.url });
      await subject.export(spans(1));
      const outcome = await subject.export(spans(1));
      hold(outcome.ok, `the second export is lost`);
    },
  },
  {
    ids: ["C-21", "H-04"],
    title: "a limit of two connections is kept, and nothing lost by it",
    notFor: httpOnly("one connection carries all calls"),
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 50 });
      const subject = stage.subject({ url: backend.url, maxConnections: 2 });
      await subject.export(spans(1));
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => subject.export(spans(1))));
      hold(backend.totalConnections <= 2, `${backend.totalConnections} connections`);
      const lost = outcomes.filter((outcome) => !outcome.ok).length;
      hold(lost === 0, `${lost} of 10 exports failed`);
    },
  },
  {
    ids: ["F-17", "C-24"],
    title: "all attempts have the same body, compressed too",
    async run(stage) {
      const backend = await stage.backend();
      backend.script(unavailable(stage), ok);
      const outcome = await stage.subject({ url: backend.url, compression: "gzip" }).export(spans(20));
      hold(backend.requests.length > 1, () => ended(outcome, backend));
      const [first, ...others] = backend.requests.map(({ body }) => Buffer.from(body));
      hold(
        others.every((body) => first?.equals(body)),
        "they differ",
      );
    },
  },
  {
    ids: ["C-24"],
    title: "the length of the body is said beforehand, as some ingests refuse chunks",
    notFor: httpOnly("frames have their length"),
    async run(stage) {
      const backend = await stage.backend();
      const subject = stage.subject({ url: backend.url });
      await subject.export(spans(1));
      hold("content-length" in (backend.requests[0]?.headers ?? {}), "chunked");
    },
  },
];
