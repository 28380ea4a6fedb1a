import type { StandardSchema } from "@otlpkit/core";
import type { Path } from "./problem.ts";

/** Told what is wrong with a value, or odd about it. */
export type Report = (severity: "error" | "warning", path: Path, message: string) => void;

/**
 * What a value in a configuration file must look like, and how it is read. Each is a Standard Schema, so one can be
 * the `config` of a plugin; made with the functions of this package or with {@link shape}.
 */
export interface Shape<T> extends StandardSchema<T> {
  /**
   * Reads `value`, which is `undefined` when the key is not there and `null` when nothing is written after it. Reports
   * everything wrong below `path`; after an error the result is not used.
   */
  read(value: unknown, path: Path, report: Report): T;
}

/** The type that a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never;

/** Makes a shape of a function that reads; the Standard Schema face comes with it. */
export function shape<T>(read: Shape<T>["read"]): Shape<T> {
  return {
    read,
    "~standard": {
      version: 1,
      vendor: "otlpkit",
      validate(value) {
        const issues: { message: string; path: (string | number)[] }[] = [];
        const result = read(value, [], (severity, path, message) => {
          if (severity === "error") issues.push({ message, path: [...path] });
        });
        return issues.length > 0 ? { issues } : { value: result };
      },
    },
  };
}

/** Whether a schema is one of ours, which can also warn. */
export function isShape(schema: StandardSchema<unknown>): schema is Shape<unknown> {
  return schema["~standard"].vendor === "otlpkit" && "read" in schema;
}

/** The value, or `fallback` when the key is missing or empty. */
export function or<T, const F>(inner: Shape<T>, fallback: F): Shape<T | F> {
  return shape((value, path, report) => (value == null ? fallback : inner.read(value, path, report)));
}

/** The value, or `undefined` when the key is missing or empty. */
export function optional<T>(inner: Shape<T>): Shape<T | undefined> {
  return or(inner, undefined);
}

/**
 * The value, or `undefined` when the key is missing. Unlike with {@link optional}, a key with nothing after it counts
 * as there: `grpc:` switches gRPC on.
 */
export function present<T>(inner: Shape<T>): Shape<T | undefined> {
  return shape((value, path, report) => (value === undefined ? undefined : inner.read(value, path, report)));
}

/** Turns what was read into something else. */
export function map<T, U>(inner: Shape<T>, turn: (value: T) => U): Shape<U> {
  return shape((value, path, report) => {
    let failed = false;
    const read = inner.read(value, path, (severity, where, message) => {
      failed ||= severity === "error";
      report(severity, where, message);
    });
    return failed ? (undefined as U) : turn(read);
  });
}

/** Adds a condition; `objection` says what is wrong, or `undefined`. It is asked only about values that read well. */
export function check<T>(inner: Shape<T>, objection: (value: T) => string | undefined): Shape<T> {
  return shape((value, path, report) => {
    let failed = false;
    const read = inner.read(value, path, (severity, where, message) => {
      failed ||= severity === "error";
      report(severity, where, message);
    });
    const message = failed ? undefined : objection(read);
    if (message !== undefined) report("error", path, message);
    return read;
  });
}

/** A key of the Collector that we know and cannot honour: naming it is an error that says why. */
export function unsupported(reason: string): Shape<undefined> {
  return shape((value, path, report) => {
    if (value !== undefined) report("error", path, `not supported: ${reason}`);
    return undefined;
  });
}

/** A key of the Collector without a meaning here: accepted whatever it holds, with a warning that says why. */
export function ignored(reason: string): Shape<undefined> {
  return shape((value, path, report) => {
    if (value != null) report("warning", path, `has no effect: ${reason}`);
    return undefined;
  });
}
