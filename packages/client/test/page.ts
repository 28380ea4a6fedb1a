// What a page runs in the browser tests: a client of the endpoint in its address, at the test's command.
import { createClient, type OtlpClient, type FlushReport } from "@otlpkit/client";

const settings = new URLSearchParams(location.search);
const client: OtlpClient = createClient({
  endpoint: settings.get("endpoint") ?? "",
  resource: { "service.name": "page" },
  ...(settings.get("compression") === "gzip" ? { compression: "gzip" as const } : {}),
  ...(settings.get("protocol") === "json" ? { protocol: "http/json" as const } : {}),
});

declare global {
  interface Window {
    record(count: number, bytes: number): void;
    flush(): Promise<FlushReport>;
    counters(): ReturnType<OtlpClient["counters"]>;
  }
}

window.record = (count, bytes) => {
  for (let index = 0; index < count; index++) {
    client.recordSpan({
      name: `click ${index}`,
      start: Date.now(),
      end: performance.timeOrigin + performance.now(),
      attributes: { text: "x".repeat(bytes) },
    });
  }
};
window.flush = () => client.flush();
window.counters = () => client.counters("traces");
