import { ConfigurationError, readConfiguration } from "@otlpkit/config";
import { describe, expect, it } from "vitest";
import { language, type RelayConfiguration } from "./language.ts";

const read = (text: string, environment: Record<string, string> = {}): Promise<RelayConfiguration> =>
  readConfiguration({ text, file: "relay.yaml", environment }, language);

async function problemsOf(text: string): Promise<string> {
  const error: unknown = await read(text).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigurationError)) throw new Error("it was accepted");
  return error.message;
}

/** A file with one receiver and one exporter. */
function file({ receiver = "{ protocols: { grpc: } }", exporter = "otlp: { endpoint: c:4317 }", more = "" }): string {
  const name = exporter.split(":")[0];
  return `
receivers:
  otlp: ${receiver}
exporters:
  ${exporter}
service:
  pipelines: { traces: { receivers: [otlp], exporters: [${name}] } }
  ${more}
`;
}

describe("the relay's configuration language", () => {
  it("reads a file as it is written for the Collector", async () => {
    const configuration = await read(
      `
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 0.0.0.0:4317
        max_recv_msg_size_mib: 16
        keepalive: { server_parameters: { time: 30s, timeout: 5s, max_connection_age: 1h } }
      http:
        endpoint: "0.0.0.0:4318"
        cors: { allowed_origins: ["https://*.example.com"], max_age: 7200 }
processors:
  batch: { send_batch_size: 10000, timeout: 10s, metadata_keys: [X-Tenant] }
exporters:
  otlp:
    endpoint: \${env:BACKEND:-backend:4317}
    tls: { insecure: true, ca_file: /ca.pem }
    compression: zstd
    headers: { authorization: "Bearer \${env:TOKEN}" }
    retry_on_failure: { max_elapsed_time: 0 }
    sending_queue: { queue_size: 5000, num_consumers: 4 }
  otlp_http/json:
    endpoint: https://otlp.example/base
    encoding: json
  debug: { verbosity: detailed }
  file: { path: ./out.jsonl, rotation: , flush_interval: 1s }
extensions:
  health_check: { endpoint: "0.0.0.0:13133" }
service:
  extensions: [health_check]
  telemetry: { logs: { level: WARN }, metrics: { level: detailed, address: ":8888" } }
  pipelines:
    traces: { receivers: [otlp], processors: [batch], exporters: [otlp, debug, file] }
    metrics: { receivers: [otlp], exporters: [otlp_http/json] }
`,
      { TOKEN: "t0ken" },
    );
    expect(configuration.exporters.get("otlp")?.config).toMatchObject({
      endpoint: "backend:4317",
      compression: "zstd",
      headers: { authorization: "Bearer t0ken" },
      timeout: 5000,
      retry_on_failure: { enabled: true, initial_interval: 5000, max_interval: 30_000, max_elapsed_time: 0 },
      sending_queue: { queue_size: 5000, num_consumers: 4, sizer: "requests" },
    });
    expect(configuration.exporters.get("file")?.config).toMatchObject({
      rotation: { max_megabytes: 100, max_days: 0, max_backups: 100, localtime: false },
    });
    expect(configuration.service).toMatchObject({
      telemetry: { logs: { level: "warn" }, metrics: { address: { host: "", port: 8888 } } },
      status: { enabled: true },
    });
    expect(configuration.warnings.map((line) => line.split(" ")[1])).toEqual([
      "receivers.otlp.protocols.grpc.keepalive.server_parameters.max_connection_age:",
      "exporters.file.flush_interval:",
    ]);
  });

  it.each([
    ["{ protocols: { grcp: } }", "protocols.grcp: unknown key; did you mean grpc?"],
    ["{ protocols: }", "protocols: needs grpc, http or both"],
    ["", "protocols: needs grpc, http or both"],
    ["{ protocols: { grpc: { endpoint: 'http://localhost:4317' } } }", "grpc.endpoint: must be an address"],
    ["{ protocols: { http: { endpoint: localhost } } }", "http.endpoint: must be an address"],
    ["{ protocols: { http: { max_request_body_size: 0 } } }", "max_request_body_size: must be above 0"],
    ["{ protocols: { grpc: { auth: { authenticatr: oidc } } } }", "auth.authenticatr: unknown key"],
    ["{ protocols: { grpc: { engine: nghttp } } }", 'engine: cannot be "nghttp"; known: grpc-js, http2'],
  ])("explains what is wrong with the receiver %s", async (receiver, message) => {
    expect(await problemsOf(file({ receiver }))).toContain(message);
  });

  it("takes a path as the endpoint of a Unix socket", async () => {
    await read(file({ receiver: "{ protocols: { grpc: { transport: unix, endpoint: /run/otlp.sock } } }" }));
  });

  it.each([
    ["otlp: {}", "exporters.otlp: needs endpoint or discovery"],
    ["otlp: { endpoint: 'ftp://c' }", "endpoint: must be an address"],
    ["otlphttp: { endpoint: 'c:4318' }", 'endpoint: must be an URL such as "https://collector:4318"'],
    ["otlphttp: { endpoint: 'http://c', compression: lz4 }", 'compression: cannot be "lz4"'],
    ["otlp: { endpoint: c:4317, timeout: 5 }", "timeout: must be a duration"],
    ["otlp: { endpoint: c:4317, retry_on_failur: }", "did you mean retry_on_failure?"],
    [
      "otlp: { endpoint: c:4317, sending_queue: { storage: disk, wait_for_result: true } }",
      "sending_queue: wait_for_result: true and storage exclude each other",
    ],
    ["otlp: { endpoint: c:4317, sending_queue: { max_age: 1h } }", "sending_queue: max_age needs storage"],
    ["otlp: { endpoint: c:4317, sending_queue: { sizer: spans } }", 'sizer: cannot be "spans"'],
    ["otlphttp: { endpoint: 'http://c', proxy_url: 'http://p' }", "proxy_url: not supported"],
    ["file: {}", "path: is required"],
    ["file: { path: x, format: yaml }", 'format: cannot be "yaml"'],
    ["file: { path: x, group_by: { enabled: true } }", "group_by: not supported"],
    ["debug: { verbosity: loud }", "verbosity: cannot be"],
    ["nop: { x: 1 }", "nop.x: unknown key"],
    ["prometheus: {}", 'there is no exporter of type "prometheus" here'],
  ])("explains what is wrong with the exporter %s", async (exporter, message) => {
    expect(await problemsOf(file({ exporter }))).toContain(message);
  });

  it.each([
    ["status: { endpoint: nowhere }", "service.status.endpoint: must be an address"],
    ["memory_budget: 1KiB", "memory_budget: must be at least 1MiB"],
    ["telemetry: { logs: { level: loud } }", "level: cannot be"],
    ["telemtry: {}", "service.telemtry: unknown key; did you mean telemetry?"],
  ])("explains what is wrong with service %s", async (more, message) => {
    expect(await problemsOf(file({ more }))).toContain(message);
  });

  it("refuses a batch that is meant to be larger than it may be", async () => {
    const text = file({}).replace("exporters:", "processors: { batch: { send_batch_max_size: 10 } }\nexporters:");
    expect(await problemsOf(text)).toContain("send_batch_max_size must be 0 or at least send_batch_size");
  });
});
