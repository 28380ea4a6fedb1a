import type { Signal } from "@otlpkit/core";

/** As much of OTLP/JSON as a line of text needs. */
interface Node {
  readonly [key: string]: unknown;
}

/** One indented line an item: its name and what tells it from others. */
export function itemLines(signal: Signal, request: unknown): string[] {
  const lines: string[] = [];
  const root = request as Node;
  switch (signal) {
    case "traces": {
      for (const span of below(root, "resourceSpans", "scopeSpans", "spans")) {
        lines.push(`  ${named(span)} ${word(span, "traceId")} ${word(span, "spanId")}`);
      }
      break;
    }
    case "metrics": {
      for (const metric of below(root, "resourceMetrics", "scopeMetrics", "metrics")) {
        for (const kind of ["gauge", "sum", "histogram", "exponentialHistogram", "summary"]) {
          for (const point of below(metric, kind, "dataPoints"))
            lines.push(`  ${named(metric)} ${kind} ${value(point)}`);
        }
      }
      break;
    }
    case "logs": {
      for (const record of below(root, "resourceLogs", "scopeLogs", "logRecords")) {
        lines.push(`  ${word(record, "severityText")} ${JSON.stringify(record["body"] ?? {})}`);
      }
      break;
    }
    default: {
      for (const profile of below(root, "resourceProfiles", "scopeProfiles", "profiles")) {
        lines.push(`  ${word(profile, "profileId")}`);
      }
    }
  }
  return lines;
}

/** All nodes at the end of a way of keys, through lists and single members. */
function below(node: Node, ...keys: readonly string[]): Node[] {
  let nodes: Node[] = [node];
  for (const key of keys) nodes = nodes.flatMap((each): Node[] => [(each[key] ?? []) as Node | Node[]].flat());
  return nodes;
}

function word(node: Node, key: string): string {
  const found = node[key];
  return typeof found === "string" && found !== "" ? found : "-";
}

function named(node: Node): string {
  return JSON.stringify(node["name"] ?? "");
}

function value(point: Node): string {
  const { asInt, asDouble, count, sum } = point as Record<string, unknown>;
  return JSON.stringify(asInt ?? asDouble ?? { count, sum });
}
