import { fileURLToPath } from "node:url";
import { type ClientOptions, createClient, type OtlpClient } from "@otlpkit/client";
import { type Batch, signals } from "@otlpkit/core";
import { logEncoder, metricEncoder, spanEncoder } from "@otlpkit/otlp";
import clientPackage from "@otlpkit/client/package.json" with { type: "json" };
import type { Items } from "../items.ts";
import type { Counts, Protocol, Subject, SubjectKind, SubjectOptions } from "../subject.ts";
import { timed } from "./timed.ts";

/** `createClient` of `@otlpkit/client`: `send` for what is exported at once, `record…` for the rest. */
export const client: SubjectKind = {
  name: "client",
  version: clientPackage.version,
  processorCallsExporter: false,
  make: (protocol, options, report) => clientSubject(createClient(optionsFrom(protocol, options, report)), report),
  start: {
    importFirst: import.meta.resolve("@otlpkit/client/register"),
    apiFrom: fileURLToPath(import.meta.resolve("@otlpkit/client/package.json")),
  },
};

/** What the user says, in the words of a client. */
export function optionsFrom(
  protocol: Protocol,
  options: SubjectOptions,
  report: (line: string) => void,
): ClientOptions {
  const { signal = "traces", url, signalUrl, environment = {}, maxConnections, ...same } = options;
  return given({
    ...same,
    protocol: options.protocolByEnvironment ? undefined : protocol,
    protocolByEnvironment: undefined,
    endpoint: url,
    ...(signalUrl === undefined ? {} : { [signal]: { endpoint: signalUrl } }),
    // A request has a connection of HTTP/1.1 to itself.
    maxConcurrent: maxConnections ?? options.maxConcurrent,
    environment,
    onWarning: (warning: string) => report(`warn: ${warning}`),
  });
}

/** What is there: our options may be absent, but not undefined. */
function given(options: Readonly<Record<string, unknown>>): ClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function clientSubject(of: OtlpClient, report: (line: string) => void): Subject {
  listen(of, report);
  return {
    export: (items) =>
      timed(async () => {
        await of.send(encoded(items));
        return undefined;
      }),
    record(items) {
      if (items.signal === "traces") for (const span of items.objects) of.recordSpan(span);
      else if (items.signal === "logs") for (const log of items.objects) of.recordLog(log);
      else for (const metrics of items.objects) of.recordMetric(metrics);
    },
    flush: (timeoutMs) => timed(async () => inWords(await of.flush(timeoutMs === undefined ? {} : { timeoutMs }))),
    shutdown: (timeoutMs) => timed(async () => inWords(await of.close(timeoutMs === undefined ? {} : { timeoutMs }))),
    counts: () => Promise.resolve(countsOf(of)),
  };
}

/** What the counters of a client say of all signals together. */
export function countsOf(of: OtlpClient): Counts {
  const counters = (["traces", "metrics", "logs"] as const).map((signal) => of.counters(signal));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    delivered: sum(counters.map(({ delivered }) => delivered)),
    lost: sum(counters.map(({ rejected, left, dropped }) => rejected + left + sum(Object.values(dropped)))),
  };
}

/** What a user hears who listens to all events. */
function listen(to: OtlpClient, report: (line: string) => void): void {
  to.on("delivered", ({ items, signal, warning }) => {
    if (warning !== "") report(`warn: ${items} ${signals[signal].items} delivered with a warning: ${warning}`);
  });
  to.on("rejected", ({ items, signal, reason }) => report(`rejected: ${items} ${signals[signal].items}: ${reason}`));
  to.on("dropped", ({ items, signal, reason, error }) =>
    report(`dropped: ${items} ${signals[signal].items}, ${reason}: ${error.message}`),
  );
  to.on("retrying", ({ delayMs, error }) => report(`retrying in ${delayMs} ms: ${error.message}`));
}

function inWords({ failed, left }: { readonly failed: number; readonly left: number }): string | undefined {
  return failed === 0 && left === 0 ? undefined : `${failed} failed, ${left} left`;
}

function encoded(items: Items): Batch {
  if (items.signal === "traces") return whole(spanEncoder(), items.objects);
  return items.signal === "logs" ? whole(logEncoder(), items.objects) : whole(metricEncoder(), items.objects);
}

function whole<Item>(encoder: { add(item: Item): void; take(): Batch | undefined }, items: readonly Item[]): Batch {
  for (const item of items) encoder.add(item);
  const batch = encoder.take();
  if (batch === undefined) throw new RangeError("nothing to export");
  return batch;
}
