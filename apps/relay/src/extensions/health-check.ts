import { hostPort, ignored, optional, or, section, text, unsupported } from "@otlpkit/config";
import { definePlugin } from "@otlpkit/core";
import { takesWork } from "@otlpkit/telemetry";
import type { ComponentContext, Extension } from "../component.ts";
import { listenHost } from "../settings/listen-host.ts";

const config = section({
  endpoint: or(hostPort, { host: "localhost", port: 13_133 }),
  path: or(text, "/"),
  response_body: section({ healthy: optional(text), unhealthy: optional(text) }),
  check_collector_pipeline: ignored("the state of every part is what is reported"),
  tls: unsupported("use an address that only the orchestrator reaches"),
});

/** `health_check`: 200 while the relay takes data, 503 before and after, as the Collector's extension of that name. */
export const healthCheckExtension = definePlugin({
  kind: "extension",
  names: ["health_check"],
  config,
  async create(settings, { health }: ComponentContext): Promise<Extension> {
    const { endpoint, path, response_body: bodies } = settings;
    const upSince = new Date();
    const server = process.getBuiltinModule("node:http").createServer((request, response) => {
      request.resume();
      if ((request.url ?? "/").split("?", 1)[0] !== path) {
        response.writeHead(404).end();
        return;
      }
      const healthy = takesWork(health.report().state);
      const own = healthy ? bodies.healthy : bodies.unhealthy;
      const body = own ?? statusBody(healthy, upSince);
      response.writeHead(healthy ? 200 : 503, {
        "Content-Type": own === undefined ? "application/json" : "text/plain; charset=utf-8",
      });
      response.end(body);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: listenHost(endpoint.host), port: endpoint.port }, resolve);
    });
    const bound = server.address();
    const port = bound !== null && typeof bound === "object" ? bound.port : endpoint.port;
    return {
      address: `http://${endpoint.host || "0.0.0.0"}:${port}${path}`,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    };
  },
});

function statusBody(healthy: boolean, upSince: Date): string {
  if (!healthy) return JSON.stringify({ status: "Server not available", upSince: "0001-01-01T00:00:00Z", uptime: "" });
  const uptime = `${(Date.now() - upSince.getTime()) / 1000}s`;
  return JSON.stringify({ status: "Server available", upSince: upSince.toISOString(), uptime });
}
