// The relay as it is, passing traces through without a batcher: `our-relay grpc|http ENDPOINT`. Says where it listens.
import { readConfiguration } from "@otlpkit/config";
import { log } from "@otlpkit/telemetry";
import { weighBuffersWithHeap } from "../../../../apps/relay/src/garbage-collection.ts";
import { language } from "../../../../apps/relay/src/language.ts";
import { startRelay } from "../../../../apps/relay/src/start-relay.ts";
import { ready } from "../child.ts";

weighBuffersWithHeap();
const [protocol, endpoint] = process.argv.slice(2);
const exporter = protocol === "grpc" ? "otlp_grpc" : "otlp_http";
const text = `
receivers:
  otlp: { protocols: { ${protocol}: { endpoint: "127.0.0.1:0" } } }
exporters:
  ${exporter}: { endpoint: "${endpoint}", compression: none, tls: { insecure: true } }
service:
  status: { enabled: false }
  pipelines:
    traces: { receivers: [otlp], exporters: [${exporter}] }
`;
const relay = await startRelay(await readConfiguration({ text, file: "bench", environment: {} }, language), {
  log: log({ write: () => {} }),
});
ready((relay.doors[0] as { url: string }).url);
