import type { Format, Signal } from "@otlpkit/core";
import { walk } from "./protobuf.ts";

/** The attribute by which {@link seeded} marks data points and log records; spans have their span id. */
export const itemIdAttribute = "otlpkit.item";

/**
 * An id for each item of an uncompressed request, in the order in which they lie there: the span id in hex for spans,
 * the attribute `otlpkit.item` for data points and log records. An item without one is "(no id)". Throws when `body` is
 * no such request; profiles are not looked into.
 */
export function itemIds(signal: Signal, body: Uint8Array, format: Format = "protobuf"): string[] {
  if (signal === "profiles") throw new Error("profiles have no item ids");
  return format === "json" ? jsonIds(signal, body) : protobufIds(signal, body);
}

const decoder = new TextDecoder();
const missing = "(no id)";

type ReadIds = (body: Uint8Array, start: number, end: number, ids: string[]) => void;

const readIds: Readonly<Record<"traces" | "metrics" | "logs", ReadIds>> = {
  traces: (body, start, end, ids) => ids.push(spanId(body, start, end)),
  metrics: pointIds,
  logs: (body, start, end, ids) => ids.push(attributeId(body, start, end, 6)),
};

function protobufIds(signal: "traces" | "metrics" | "logs", body: Uint8Array): string[] {
  const ids: string[] = [];
  const read = readIds[signal];
  // Request.resource_* = 1, Resource*.scope_* = 2, Scope*.items = 2, the same for all three signals.
  within(body, 0, body.length, 1, (rs, re) =>
    within(body, rs, re, 2, (ss, se) => within(body, ss, se, 2, (is, ie) => read(body, is, ie, ids))),
  );
  return ids;
}

function within(
  body: Uint8Array,
  start: number,
  end: number,
  wanted: number,
  visit: (start: number, end: number) => void,
): void {
  walk(body, (field, wire, from, to) => field === wanted && wire === 2 && visit(from, to), start, end);
}

function spanId(body: Uint8Array, start: number, end: number): string {
  let id = missing;
  within(body, start, end, 2, (from, to) => {
    id = "";
    for (let at = from; at < to; at++) id += (body[at] as number).toString(16).padStart(2, "0");
  });
  return id;
}

/** Metric's data: gauge 5, sum 7, histogram 9, exponential histogram 10, summary 11; points are field 1 of each. */
const pointAttributes: Readonly<Record<number, number>> = { 5: 7, 7: 7, 9: 9, 10: 1, 11: 7 };

function pointIds(body: Uint8Array, start: number, end: number, ids: string[]): void {
  walk(
    body,
    (field, wire, from, to) => {
      const attributes = pointAttributes[field];
      if (attributes === undefined || wire !== 2) return;
      within(body, from, to, 1, (ps, pe) => ids.push(attributeId(body, ps, pe, attributes)));
    },
    start,
    end,
  );
}

function attributeId(body: Uint8Array, start: number, end: number, attributes: number): string {
  let id = missing;
  within(body, start, end, attributes, (ks, ke) => {
    let key = "";
    let value = "";
    within(body, ks, ke, 1, (from, to) => (key = decoder.decode(body.subarray(from, to))));
    if (key !== itemIdAttribute) return;
    within(body, ks, ke, 2, (vs, ve) =>
      within(body, vs, ve, 1, (from, to) => (value = decoder.decode(body.subarray(from, to)))),
    );
    id = value;
  });
  return id;
}

type Json = { readonly [key: string]: unknown };

const names = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
} as const;

function jsonIds(signal: "traces" | "metrics" | "logs", body: Uint8Array): string[] {
  let found = [JSON.parse(decoder.decode(body)) as Json];
  for (const name of names[signal]) found = found.flatMap((each) => list(each[name]));
  if (signal === "traces") return found.map((span) => text(span["spanId"]).toLowerCase());
  const kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
  if (signal === "metrics") {
    found = found.flatMap((metric) =>
      kinds.flatMap((kind) => list((metric[kind] as Json | undefined)?.["dataPoints"])),
    );
  }
  return found.map((item) => {
    const attribute = list(item["attributes"]).find(({ key }) => key === itemIdAttribute);
    return text((attribute?.["value"] as Json | undefined)?.["stringValue"]);
  });
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : missing;
}
