import { testAuthority, testClient } from "@otlpkit/testkit/node";
import { itemsOf, spans } from "../items.ts";
import { hold, type Scenario, type Stage } from "../scenario.ts";
import { byName } from "./connections.ts";
import { ended, seconds } from "./seen.ts";

/** What the environment says: how to send. */
export const environmentScenarios: readonly Scenario[] = [
  {
    ids: ["I-01"],
    title: "each variable for one signal beats that for all: endpoint, headers, compression",
    async run(stage) {
      const forAll = await stage.backend();
      const forTraces = await stage.backend();
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: forAll.url,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${forTraces.url}${stage.http ? "/v1/traces" : ""}`,
        OTEL_EXPORTER_OTLP_HEADERS: "x-team=blue",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-team=red",
        OTEL_EXPORTER_OTLP_COMPRESSION: "none",
        OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "gzip",
      };
      const encoding = stage.http ? "content-encoding" : "grpc-encoding";
      for (const signal of ["traces", "logs"] as const) {
        const outcome = await stage.subject({ environment, signal }).export(itemsOf(signal, 10));
        hold(outcome.ok, () => `${signal}: ${outcome.message}`);
      }
      hold(forTraces.requests.length === 1 && forAll.requests.length === 1, "an endpoint is not used");
      const [traces] = forTraces.requests;
      const [logs] = forAll.requests;
      hold(traces?.headers["x-team"] === "red" && logs?.headers["x-team"] === "blue", "headers are mixed up");
      hold(traces?.headers[encoding] === "gzip" && logs?.headers[encoding] !== "gzip", "compression is mixed up");
    },
  },
  {
    ids: ["I-09", "I-10"],
    title: "CERTIFICATE, CLIENT_CERTIFICATE and CLIENT_KEY name files for mutual TLS",
    alone: true,
    async run(stage) {
      const backend = await stage.backend({ tls: { requireClientCertificate: true } });
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: byName(backend),
        OTEL_EXPORTER_OTLP_CERTIFICATE: stage.file("ca.pem", testAuthority),
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: stage.file("client.pem", testClient.cert),
        OTEL_EXPORTER_OTLP_CLIENT_KEY: stage.file("client.key", testClient.key),
      };
      const outcome = await stage.subject({ environment }).export(spans(1));
      hold(outcome.ok, outcome.message);
    },
  },
  {
    ids: ["I-11"],
    title: "CLIENT_KEY without a certificate, and a file that is not there: told",
    alone: true,
    async run(stage) {
      const backend = await stage.backend({ tls: true });
      const base = {
        OTEL_EXPORTER_OTLP_ENDPOINT: byName(backend),
        OTEL_EXPORTER_OTLP_CERTIFICATE: stage.file("ca.pem", testAuthority),
      };
      const key = { OTEL_EXPORTER_OTLP_CLIENT_KEY: stage.file("client.key", testClient.key) };
      hold(await tells(stage, { ...base, ...key }, /key|certificate/i), "the key alone: nothing is told");
      const absent = { OTEL_EXPORTER_OTLP_CERTIFICATE: "/no/such/file.pem" };
      hold(await tells(stage, { ...base, ...absent }, /certificate|file\.pem/i), "no such file: nothing is told");
    },
  },
  {
    ids: ["I-12"],
    title: "HEADERS are split at commas and the first =, trimmed, percent-decoded; what is no header is skipped",
    async run(stage) {
      const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
        ["a1=b,c1=d", { a1: "b", c1: "d" }],
        [" a1 = b , c1=d ", { a1: "b", c1: "d" }],
        ["authorization=Basic%20QUJD%3D%3D", { authorization: "Basic QUJD==" }],
        ["authorization=Basic QUJD==", { authorization: "Basic QUJD==" }],
        ["a1=b+c", { a1: "b+c" }],
        ["a1=1%2C2", { a1: "1,2" }],
        ["a1=b,,c1=d,", { a1: "b", c1: "d" }],
        ["novalue,c1=d", { c1: "d" }],
        ["=x,c1=d", { c1: "d" }],
        ["a1=%zz,c1=d", { c1: "d" }],
      ];
      for (const [given, wanted] of cases) {
        const headers = await headersBy(stage, { OTEL_EXPORTER_OTLP_HEADERS: given });
        for (const [name, value] of Object.entries(wanted)) {
          hold(headers[name] === value, `"${given}": ${name} is ${headers[name]}`);
        }
      }
    },
  },
  {
    ids: ["I-13"],
    title: "headers of a signal are added to those for all, and win over them",
    async run(stage) {
      const headers = await headersBy(stage, {
        OTEL_EXPORTER_OTLP_HEADERS: "a1=1,b1=2",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: "a1=3",
      });
      hold(headers["a1"] === "3", `a1 is ${headers["a1"]}`);
      hold(headers["b1"] === "2", `b1 is ${headers["b1"]}`);
    },
  },
  {
    ids: ["I-14"],
    title: "COMPRESSION=gzip and none",
    async run(stage) {
      hold((await encodingBy(stage, "gzip")) === "gzip", "gzip: not compressed");
      hold((await encodingBy(stage, "none")) !== "gzip", "none: compressed");
    },
  },
  {
    ids: ["I-25"],
    title: "COMPRESSION=GZIP works; =lzw is told, in its own words, and ignored",
    async run(stage) {
      hold((await encodingBy(stage, "lzw")) !== "gzip", "lzw: compressed");
      hold(
        stage.reports.some((line) => line.includes("lzw")),
        "lzw: nothing is told",
      );
      hold((await encodingBy(stage, "GZIP")) === "gzip", "GZIP: not compressed");
    },
  },
  {
    ids: ["I-15"],
    title: "TIMEOUT bounds an export",
    async run(stage) {
      const tookMs = await timeUntilFailure(stage, { OTEL_EXPORTER_OTLP_TIMEOUT: "1500" });
      hold(tookMs > 700 && tookMs < 4000, () => `it takes ${seconds(tookMs)} of 1.5 s`);
    },
  },
  {
    ids: ["I-15"],
    title: "TIMEOUT=0 means no limit",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 11_000 });
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, OTEL_EXPORTER_OTLP_TIMEOUT: "0" };
      const outcome = await stage.subject({ environment }).export(spans(1));
      hold(outcome.ok, () => `it ends after ${seconds(outcome.tookMs)}`);
    },
  },
  {
    ids: ["I-16", "I-17"],
    title: "PROTOCOL chooses, in any case; what it can't be is told and ignored",
    notFor: ({ name }) => (name === "client" ? undefined : "the package is the protocol"),
    async run(stage) {
      const backend = await stage.backend();
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: stage.protocol.toUpperCase(),
      };
      const outcome = await stage.subject({ protocolByEnvironment: true, environment }).export(spans(1));
      hold(outcome.ok, outcome.message);
      if (stage.protocol !== "http/protobuf") return;
      const odd = { ...environment, OTEL_EXPORTER_OTLP_PROTOCOL: "http" };
      const other = await stage.subject({ protocolByEnvironment: true, environment: odd }).export(spans(1));
      hold(other.ok, () => `"http": ${other.message}`);
      hold(
        stage.reports.some((line) => /PROTOCOL/.test(line)),
        `"http": nothing is told`,
      );
    },
  },
  {
    ids: ["I-19"],
    title: "empty variables are as none",
    async run(stage) {
      const backend = await stage.backend();
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "",
        OTEL_EXPORTER_OTLP_HEADERS: "",
        OTEL_EXPORTER_OTLP_COMPRESSION: "",
        OTEL_EXPORTER_OTLP_TIMEOUT: "",
        OTEL_EXPORTER_OTLP_CERTIFICATE: "",
        OTEL_EXPORTER_OTLP_INSECURE: "",
      };
      const outcome = await stage.subject({ environment }).export(spans(1));
      hold(outcome.ok, outcome.message);
      const warned = stage.reports.filter((line) => /OTEL_/.test(line));
      hold(warned.length === 0, () => `it warns: ${warned[0]}`);
    },
  },
  ...[
    ["I-21", "abc"],
    ["I-21", "10s"],
    ["I-23", "-1"],
  ].map(([id = "", value = ""]): Scenario => ({
    ids: [id],
    title: `TIMEOUT=${value} is told, and the default holds`,
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 500 });
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, OTEL_EXPORTER_OTLP_TIMEOUT: value };
      const outcome = await stage.subject({ environment }).export(spans(1));
      hold(outcome.ok, () => `it fails after ${seconds(outcome.tookMs)}`);
      hold(
        stage.reports.some((line) => /TIMEOUT/.test(line)),
        "nothing is told",
      );
    },
  })),
  {
    ids: ["I-24"],
    title: "TIMEOUT=2147483647 is taken",
    async run(stage) {
      const backend = await stage.backend();
      backend.script({ kind: "ok", delayMs: 300 });
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, OTEL_EXPORTER_OTLP_TIMEOUT: "2147483647" };
      const outcome = await stage.subject({ environment }).export(spans(1));
      hold(outcome.ok, () => ended(outcome, backend));
    },
  },
  {
    ids: ["I-27", "I-26"],
    title: "what the program says beats what the environment says",
    async run(stage) {
      const backend = await stage.backend();
      const other = await stage.backend();
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: other.url,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: other.url,
        OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
        OTEL_EXPORTER_OTLP_HEADERS: "x-team=blue",
      };
      const options = { url: backend.url, compression: "none", headers: { "x-team": "red" } } as const;
      const outcome = await stage.subject({ ...options, environment }).export(spans(1));
      hold(outcome.ok && other.requests.length === 0, "it goes where the environment says");
      const [request] = backend.requests;
      hold(request?.headers[stage.http ? "content-encoding" : "grpc-encoding"] !== "gzip", "it is compressed");
      hold(request?.headers["x-team"] === "red", () => `x-team is ${request?.headers["x-team"]}`);
    },
  },
];

async function headersBy(
  stage: Stage,
  environment: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const backend = await stage.backend();
  const all = { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: backend.url };
  const outcome = await stage.subject({ environment: all }).export(spans(50));
  hold(outcome.ok, () => outcome.message);
  return backend.requests[0]?.headers ?? {};
}

async function encodingBy(stage: Stage, compression: string): Promise<string | undefined> {
  const headers = await headersBy(stage, { OTEL_EXPORTER_OTLP_COMPRESSION: compression });
  return headers[stage.http ? "content-encoding" : "grpc-encoding"];
}

async function timeUntilFailure(stage: Stage, environment: Readonly<Record<string, string>>): Promise<number> {
  const backend = await stage.backend();
  backend.script({ kind: "hang" });
  const all = { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: backend.url };
  const outcome = await stage.subject({ environment: all }).export(spans(1));
  hold(!outcome.ok, "said to be delivered");
  return outcome.tookMs;
}

/** Whether making it, or its first export, tells something like that, in whatever way. */
async function tells(stage: Stage, environment: Readonly<Record<string, string>>, what: RegExp): Promise<boolean> {
  const before = stage.reports.length;
  let message = "";
  try {
    ({ message } = await stage.subject({ environment, timeoutMs: 2000 }).export(spans(1)));
  } catch (error) {
    message = String(error);
  }
  return what.test([...stage.reports.slice(before), message].join());
}
