import { type Plain, plainFields, plainText } from "./log-fields.ts";
import type { Level, LogLine } from "./log.ts";

const colors: Readonly<Record<Level, string>> = { debug: "2", info: "36", warn: "33", error: "31" };

/** `23:05:09 warn  cannot reach the backend  exporter=otlp attempt=3`: quiet and aligned, for people. */
export function formatText({ level, message, fields, stacks, time }: LogLine, color: boolean): string {
  const paint = (code: string, text: string): string => (color ? `\u001B[${code}m${text}\u001B[0m` : text);
  const pairs = Object.entries(plainFields(fields, stacks)).map(([key, value]) => `${key}=${writeValue(value)}`);
  const clock = time.toTimeString().slice(0, 8);
  const tail = pairs.length === 0 ? "" : `  ${paint("2", pairs.join(" "))}`;
  return `${paint("2", clock)} ${paint(colors[level], level.padEnd(5))} ${oneLine(plainText(message))}${tail}`;
}

/** `{"time":"...","level":"warn","message":"...","exporter":"otlp"}`, for machines. */
export function formatJson({ level, message, fields, stacks, time }: LogLine): string {
  return JSON.stringify({
    time: time.toISOString(),
    level,
    message: plainText(message),
    ...plainFields(fields, stacks),
  });
}

function writeValue(value: Plain): string {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /^[^\s"=\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text).replaceAll(/\p{Cc}/gu, "\uFFFD");
}

/** Keeps a message from starting a line of its own, which could be taken for one of ours, and a terminal from obeying it. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/gu, " | ").replaceAll(/\p{Cc}/gu, "\uFFFD");
}
