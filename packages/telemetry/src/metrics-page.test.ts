// METRICS.md says what there is to measure. It is made here, of the metrics themselves, so that it cannot be wrong:
// `vitest run metrics-page -u` writes it anew.
import { accepted, byteBudget, ExportError, pipe, protobufBatch, signalNames } from "@otlpkit/core";
import { recordingSender } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import {
  balancerMetrics,
  batchSizeMetrics,
  breakerMetrics,
  bookAnswers,
  budgetMetrics,
  concurrencyMetrics,
  exporterMetrics,
  ledgerMetrics,
  type MetricFamily,
  type Metrics,
  metrics,
  monitorMetrics,
  openBook,
  ownSpansDropped,
  type PerformanceMonitor,
  processMetrics,
  processorMetrics,
  queueMetrics,
  receiverMetrics,
  refusedRequests,
  retryMetrics,
  tenantRefusals,
  unhandledErrors,
} from "./index.ts";

const batches = signalNames.map((signal) => protobufBatch(signal, new Uint8Array(3), 1));
const once = (): void => undefined;

/** Everything there is, used so that every metric has a series with all of its labels. */
const sections: Readonly<Record<string, { readonly about: string; readonly use: (metrics: Metrics) => unknown }>> = {
  Receivers: {
    about: "What came in and what its sender was told.",
    async use(m) {
      const labels = { receiver: "otlp", transport: "grpc" };
      const end = recordingSender();
      end.script(accepted, new ExportError("overloaded", ""), new ExportError("invalid", ""));
      const way = pipe(receiverMetrics(m, labels), end);
      for (const batch of batches) await way.send(batch, {}).catch(once);
      refusedRequests(m, labels)("too-large");
      tenantRefusals(m)("shop", "overloaded");
      budgetMetrics(m, byteBudget(1));
    },
  },
  Processors: {
    about: "What a stage of a pipeline got and passed on.",
    async use(m) {
      const labels = { processor: "batch", pipeline: "traces" };
      await processorMetrics(m, labels, batchSizeMetrics(m, labels))(recordingSender()).send(batches[0]!, {});
    },
  },
  Exporters: {
    about: "What went out.",
    async use(m) {
      const end = recordingSender();
      end.script(accepted, new ExportError("unavailable", ""));
      const way = pipe(exporterMetrics(m, { exporter: "otlp" }), end);
      for (const batch of batches) await way.send(batch, {}).catch(once);
      retryMetrics(m, { exporter: "otlp" })("unavailable");
      const endpoints = balancerMetrics(m, { exporter: "otlp" }, () => ["ready"]);
      endpoints.attempted();
      endpoints.failed(true);
      endpoints.ejected("health check");
      endpoints.breaker("http://a", "open");
      breakerMetrics(m, { exporter: "otlp", data_type: "traces" })("open");
      concurrencyMetrics(m, { exporter: "otlp" })(4);
    },
  },
  Queues: {
    about:
      "What waits in front of an exporter, in memory or on disk; metrics of disks are there for queues on disk only.",
    async use(m) {
      const reading = {
        size: 1,
        capacity: 1,
        items: 1,
        oldestAgeMs: 1,
        diskBytes: 1,
        drainBytesPerSecond: 1,
        deadLetters: 1,
      };
      const queue = queueMetrics(m, { exporter: "otlp" }, () => reading);
      queue.taken({ items: 1, bytes: 1 });
      queue.refused({ signal: "traces", items: 1 });
      queue.dropped(1, "full");
      queue.deadLettered(1, "invalid");
      queue.repeated(1);
      queue.damaged();
      queue.recovered({ items: 1, ms: 1 });
      await queue.sends(recordingSender()).send(batches[0]!, {});
    },
  },
  Ledger: {
    about:
      "What became of every item, for each exporter (label `exporter`) and each pipeline (label `pipeline`) by tenant: " +
      "accepted + recovered = delivered + rejected + dropped + dead_lettered + queued + difference.",
    async use(m) {
      const book = openBook();
      ledgerMetrics(m, book);
      const end = recordingSender();
      end.script(new ExportError("overloaded", ""));
      for (const kind of ["destination", "pipeline"] as const) {
        const place = { kind, name: "x", tenant: "shop" };
        await bookAnswers(
          book,
          place,
        )(end)
          .send({ ...batches[0]!, tenant: "shop" }, {})
          .catch(once);
        for (const how of ["rejected", "dropped", "dead-lettered"] as const) book.settled(place, 1, how, "reason");
      }
    },
  },
  Process: {
    about: "How the program itself does.",
    use(m) {
      processMetrics(m)();
      unhandledErrors(m)("exception");
      ownSpansDropped(m)(1);
      const reading = {
        cpuRatio: 0,
        rssBytes: 0,
        memoryLimitBytes: 0,
        heapUsedBytes: 0,
        heapLimitBytes: 0,
        externalBytes: 0,
        eventLoopDelayMs: 0,
        eventLoopDelayMaxMs: 0,
        eventLoopUtilizationRatio: 0,
        diskReadBytesPerSecond: 0,
        diskWriteBytesPerSecond: 0,
        disks: [{ folder: "/", freeBytes: 0, totalBytes: 0 }],
      };
      const monitor: PerformanceMonitor = {
        shed: (next) => next,
        alarms: () => [],
        reading: () => reading,
        shedBatches: 0,
        close: once,
      };
      monitorMetrics(m, monitor, ["memory"]);
    },
  },
};

/** Those that parts of the relay make by themselves; a test of the relay holds these lines to its sources. */
const ofTheRelay = [
  ["otlpkit_audit_failing", "gauge", "state", "", "1 while a place for audit records can't be written."],
  ["otlpkit_audit_lost_records", "gauge", "records", "", "Audit records lost for want of room."],
  ["otlpkit_audit_pending_records", "gauge", "records", "", "Audit records that are not kept yet."],
  [
    "otlpkit_discovery_endpoints",
    "gauge",
    "endpoints",
    "exporter, source",
    "Endpoints in the list that the source gave last.",
  ],
  [
    "otlpkit_discovery_stale",
    "gauge",
    "state",
    "exporter, source",
    "1 while the source of endpoints can't be asked and the last list stands.",
  ],
  ["otlpkit_registration_fresh", "gauge", "state", "registry", "1 while the registration is known to stand."],
  [
    "otlpkit_tls_certificate_not_after_timestamp_seconds",
    "gauge",
    "seconds",
    "component",
    "When the certificate in use ends, in seconds since 1970.",
  ],
  [
    "otlpkit_tls_connections",
    "counter",
    "connections",
    "component, version, cipher_suite",
    "Connections by what was agreed on for them.",
  ],
  [
    "otlpkit_tls_reloads",
    "counter",
    "reloads",
    "component, result",
    "Times that certificates were taken from their files.",
  ],
];

const intro = `# Metrics

What \`/metrics\` of a relay shows, and what \`@otlpkit/telemetry\` has for programs of your own. Names that begin with
\`otelcol_\` are those of the OpenTelemetry Collector and mean the same, so its dashboards and alerts work; those that begin
with \`otlpkit_\` are ours. Metrics of items come once for each signal: \`spans\`, \`metric_points\`, \`log_records\`,
\`profile_samples\`. A metric has at most 2,000 series; what comes later is added up in one with the label \`overflow\`.
Counters carry no \`_total\`, as the Collector's do not, and are therefore of type \`unknown\` in OpenMetrics.

This page is made of the metrics themselves by a test.
`;

async function rows(use: (metrics: Metrics) => unknown): Promise<string[][]> {
  const m = metrics();
  await use(m);
  const families = new Map<string, MetricFamily>();
  for (const family of m.read()) {
    const general = family.name.replace(/_(?:spans|metric_points|log_records|profile_samples)$/u, "_*");
    if (!families.has(general)) families.set(general, family);
  }
  return [...families].map(([name, { help, samples, type, unit }]) => {
    const labels = [...new Set(samples.flatMap((sample) => Object.keys(sample.labels)))].toSorted();
    return [`\`${name}\``, type, name.endsWith("_*") ? "items" : unit, labels.join(", "), help];
  });
}

/** A table as the formatter of this repository leaves it. */
function table(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length), 3));
  const write = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [write(lines[0]!), write(widths.map((width) => "-".repeat(width))), ...lines.slice(1).map(write)].join("\n");
}

describe("METRICS.md", () => {
  it("lists every metric with its type, unit, labels and meaning", async () => {
    const pages = await Promise.all(
      Object.entries(sections).map(async ([title, { about, use }]) => {
        const lines = [["name", "type", "unit", "labels", "meaning"], ...(await rows(use))];
        return `## ${title}\n\n${about}\n\n${table(lines)}\n`;
      }),
    );
    const rest = [
      ["name", "type", "unit", "labels", "meaning"],
      ...ofTheRelay.map(([name, ...more]) => [`\`${name}\``, ...more]),
    ];
    pages.push(`## Parts of the relay\n\nWhat components of the relay tell of themselves.\n\n${table(rest)}\n`);
    await expect([intro, ...pages].join("\n")).toMatchFileSnapshot("../METRICS.md");
  });
});
