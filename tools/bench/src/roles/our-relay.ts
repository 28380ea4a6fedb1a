// The relay as it is, passing traces through without a batcher: `our-relay grpc|http ENDPOINT [fsynced|encrypted]`, with a
// queue on disk if so wanted. Says where it listens.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfiguration } from "@otlpkit/config";
import { log } from "@otlpkit/telemetry";
import { prepareForBuffers } from "../../../../apps/relay/src/buffer-memory.ts";
import { language } from "../../../../apps/relay/src/language.ts";
import { startRelay } from "../../../../apps/relay/src/start-relay.ts";
import { ready } from "../child.ts";

prepareForBuffers();
const [protocol, endpoint, durability] = process.argv.slice(2);
const exporter = protocol === "grpc" ? "otlp_grpc" : "otlp_http";
const folder = mkdtempSync(join(tmpdir(), "otlpkit-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGTERM", () => process.exit());
writeFileSync(join(folder, "key"), randomBytes(32));
const keys = durability === "encrypted" ? `, encryption: { keys: [{ id: one, file: "${folder}/key" }] }` : "";
const queued = durability === undefined ? "" : ", sending_queue: { storage: file_storage, num_consumers: 64 }";
const text = `
receivers:
  otlp: { protocols: { ${protocol}: { endpoint: "127.0.0.1:0" } } }
exporters:
  ${exporter}: { endpoint: "${endpoint}", compression: none, tls: { insecure: true }${queued} }
extensions:
  file_storage: { directory: "${folder}"${keys} }
service:
  extensions: [file_storage]
  status: { enabled: false }
  pipelines:
    traces: { receivers: [otlp], exporters: [${exporter}] }
`;
const relay = await startRelay(await readConfiguration({ text, file: "bench", environment: {} }, language), {
  log: log({ write: () => {} }),
});
ready((relay.doors[0] as { url: string }).url);
