import { testAuthority } from "@otlpkit/testkit/node";
import { createServer } from "node:net";
import { spans } from "../items.ts";
import { hold, type Scenario, type Stage } from "../scenario.ts";
import { byName } from "./connections.ts";
import { dialled } from "./dialled.ts";
import { grpcOnly, httpOnly } from "./not-for.ts";

/** What the environment says: where to send. */
export const endpointScenarios: readonly Scenario[] = [
  {
    ids: ["I-02", "A-03", "I-06"],
    title: "nothing said: http, localhost, port 4317 for gRPC and 4318 for HTTP",
    alone: true,
    async run(stage) {
      const dials = dialled(stage);
      void stage.subject({ timeoutMs: 1500 }).export(spans(1));
      await dials.first();
      hold(
        dials.seen.includes(`localhost:${stage.http ? 4318 : 4317}`),
        () => dials.seen.join(", ") || "it dials nobody",
      );
    },
  },
  {
    ids: ["I-03"],
    title: "the base endpoint, with and without slash or path: v1/traces and so on are added",
    notFor: httpOnly("paths of gRPC are fixed"),
    async run(stage) {
      for (const [base, path] of [
        ["", "/v1/traces"],
        ["/", "/v1/traces"],
        ["/base", "/base/v1/traces"],
        ["/base/", "/base/v1/traces"],
      ] as const) {
        hold((await pathOf(stage, "OTEL_EXPORTER_OTLP_ENDPOINT", base)) === path, `"${base}" is wrong`);
      }
    },
  },
  {
    ids: ["I-04"],
    title: "the endpoint of a signal is taken as it stands; no path becomes /",
    notFor: httpOnly("paths of gRPC are fixed"),
    async run(stage) {
      for (const [given, path] of [
        ["", "/"],
        ["/x", "/x"],
        ["/v1/traces/", "/v1/traces/"],
      ] as const) {
        const found = await pathOf(stage, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", given);
        hold(found === path, `"${given}" becomes "${found}"`);
      }
    },
  },
  {
    ids: ["I-05"],
    title: "a base that ends in v1/traces gets another one all the same",
    notFor: httpOnly("paths of gRPC are fixed"),
    async run(stage) {
      const found = await pathOf(stage, "OTEL_EXPORTER_OTLP_ENDPOINT", "/v1/traces");
      hold(found === "/v1/traces/v1/traces", `it becomes "${found}"`);
    },
  },
  {
    ids: ["I-05"],
    title: "a URL without a port means port 80",
    notFor: httpOnly("gRPC has a default port"),
    alone: true,
    async run(stage) {
      const dials = dialled(stage);
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost" };
      void stage.subject({ environment, timeoutMs: 1500 }).export(spans(1));
      await dials.first();
      hold(dials.seen.includes("localhost:80"), () => dials.seen.join(", ") || "it dials nobody");
    },
  },
  {
    ids: ["A-04", "I-07"],
    title: "the scheme of the endpoint beats INSECURE, both ways",
    notFor: grpcOnly("INSECURE is for gRPC"),
    alone: true,
    async run(stage) {
      const secure = await stage.backend({ tls: true });
      const certificate = stage.file("ca.pem", testAuthority);
      const tls = await stage
        .subject({
          environment: {
            OTEL_EXPORTER_OTLP_ENDPOINT: byName(secure),
            OTEL_EXPORTER_OTLP_INSECURE: "true",
            OTEL_EXPORTER_OTLP_CERTIFICATE: certificate,
          },
        })
        .export(spans(1));
      hold(tls.ok, () => `https: ${tls.message}`);
      const plain = await stage.backend();
      const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: plain.url, OTEL_EXPORTER_OTLP_INSECURE: "false" };
      const http = await stage.subject({ environment }).export(spans(1));
      hold(http.ok, () => `http: ${http.message}`);
    },
  },
  {
    ids: ["A-07", "I-07"],
    title: "an endpoint without a scheme means TLS",
    notFor: grpcOnly("INSECURE is for gRPC"),
    alone: true,
    run: (stage) => expectTls(stage, {}),
  },
  {
    ids: ["I-07"],
    title: "an endpoint without a scheme and INSECURE=TRUE, in any case: plain",
    notFor: grpcOnly("INSECURE is for gRPC"),
    alone: true,
    async run(stage) {
      const backend = await stage.backend();
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: `127.0.0.1:${backend.port}`,
        OTEL_EXPORTER_OTLP_INSECURE: "TRUE",
      };
      const outcome = await stage.subject({ environment, timeoutMs: 3000 }).export(spans(1));
      hold(outcome.ok, outcome.message);
    },
  },
  {
    ids: ["I-20"],
    title: "INSECURE=1 is not true: TLS, and told",
    notFor: grpcOnly("INSECURE is for gRPC"),
    alone: true,
    async run(stage) {
      await expectTls(stage, { OTEL_EXPORTER_OTLP_INSECURE: "1" });
      hold(
        stage.reports.some((line) => /INSECURE/.test(line)),
        "nothing is told",
      );
    },
  },
];

async function pathOf(stage: Stage, variable: string, suffix: string): Promise<string | undefined> {
  const backend = await stage.backend();
  await stage.subject({ environment: { [variable]: `${backend.url}${suffix}` } }).export(spans(1));
  return backend.requests[0]?.path;
}

/** The first byte on the wire is that of a TLS handshake. */
async function expectTls(stage: Stage, environment: Readonly<Record<string, string>>): Promise<void> {
  const first = Promise.withResolvers<number>();
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (chunk: Buffer) => {
      first.resolve(chunk.readUInt8());
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stage.after(() => server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  // By name, since not every client makes a handshake with an address.
  const all = { OTEL_EXPORTER_OTLP_ENDPOINT: `localhost:${port}`, ...environment };
  void stage.subject({ environment: all, timeoutMs: 2000 }).export(spans(1));
  hold((await first.promise) === 0x16, "it talks in clear");
}
