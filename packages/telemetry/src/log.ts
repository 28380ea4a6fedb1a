import { formatJson, formatText } from "./log-format.ts";
import { repeatLimit } from "./repeat-limit.ts";

/** How much a line matters, least first. */
export const levels = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof levels)[number];

/**
 * What a line says besides its message: short values. An `Error` is written as its message, with its type, code and causes
 * beside it. Values whose keys name a secret are not written, but give none anyway. The names that are used throughout are
 * listed in the README.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** One line, before it is written. */
export interface LogLine {
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
  readonly time: Date;
  /** Whether stack traces of errors are wanted. */
  readonly stacks: boolean;
}

/** A structured log. Keep the message the same for the same event and put what varies into fields. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A log that adds `fields` to every line. */
  with(fields: Fields): Log;
}

export interface LogOptions {
  /** "text" for people, "json" for machines: one object a line. Default "text". */
  readonly format?: "text" | "json";
  /** What is below is left out. Default "info". */
  readonly level?: Level;
  /** Takes a line, without a newline at its end. Default: standard error, so that standard output stays free for data. */
  readonly write?: (line: string) => void;
  /** Wall clock in ms. */
  readonly now?: () => number;
  /** ANSI colours in text. Default: when standard error is a terminal and NO_COLOR is not set. */
  readonly color?: boolean;
  /** How often one message may be written in `repeatWindowMs`; further ones are counted. Default 5. */
  readonly maxRepeats?: number;
  /** Default 10,000. */
  readonly repeatWindowMs?: number;
  /** Of further ones every so many-th is written all the same. Default 0: none is. */
  readonly repeatEvery?: number;
  /** Asked for fields of each line that is written: the trace and span that it belongs to. Default: none. */
  readonly context?: () => Fields;
  /** Whether stack traces of errors are written. Default: when `level` is "debug". */
  readonly stacks?: boolean;
}

/** Makes a log. */
export function log(options: LogOptions = {}): Log {
  const format = (options.format ?? "text") === "json" ? formatJson : formatText;
  const lowest = levels.indexOf(options.level ?? "info");
  const write = options.write ?? ((line) => void process.stderr.write(`${line}\n`));
  const now = options.now ?? Date.now;
  const color = options.color ?? (process.stderr.isTTY && !process.env["NO_COLOR"]);
  const limit = repeatLimit(options.maxRepeats ?? 5, options.repeatWindowMs ?? 10_000, options.repeatEvery ?? 0);
  const context = options.context ?? (() => ({}));
  const stacks = options.stacks ?? options.level === "debug";

  function make(common: Fields): Log {
    const at =
      (level: Level) =>
      (message: string, fields: Fields = {}): void => {
        if (levels.indexOf(level) < lowest) return;
        const time = now();
        const omitted = limit.admit(`${level} ${message}`, time);
        if (omitted === undefined) return;
        const repeats = omitted === 0 ? {} : { omitted };
        const all = { ...common, ...fields, ...repeats, ...context() };
        write(format({ level, message, fields: all, time: new Date(time), stacks }, color));
      };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      with: (fields) => make({ ...common, ...fields }),
    };
  }
  return make({});
}
