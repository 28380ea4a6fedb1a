import type { Level, LogLine } from "./log.ts";

const colors: Readonly<Record<Level, string>> = { debug: "2", info: "36", warn: "33", error: "31" };

/** `23:05:09 warn  cannot reach the backend  exporter=otlp attempt=3`: quiet and aligned, for people. */
export function formatText({ level, message, fields, time }: LogLine, color: boolean): string {
  const paint = (code: string, text: string): string => (color ? `\u001B[${code}m${text}\u001B[0m` : text);
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${writeValue(value)}`);
  const clock = time.toTimeString().slice(0, 8);
  const tail = pairs.length === 0 ? "" : `  ${paint("2", pairs.join(" "))}`;
  return `${paint("2", clock)} ${paint(colors[level], level.padEnd(5))} ${oneLine(message)}${tail}`;
}

/** `{"time":"...","level":"warn","message":"...","exporter":"otlp"}`, for machines. */
export function formatJson({ level, message, fields, time }: LogLine): string {
  return JSON.stringify({ time: time.toISOString(), level, message, ...fields }, (_, value: unknown) => {
    if (value instanceof Error) return value.message;
    return typeof value === "bigint" ? String(value) : value;
  });
}

function writeValue(value: unknown): string {
  const plain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  const text = value instanceof Error ? value.message : plain ? String(value) : (JSON.stringify(value) ?? "");
  return /^[^\s"=]+$/u.test(text) ? text : JSON.stringify(text);
}

/** Keeps a message from starting a line of its own, which could be taken for one of ours. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/gu, " | ");
}
