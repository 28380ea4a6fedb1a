import { type Ack, ExportError, type ExportErrorCode } from "@otlpkit/core";

/** Assertions for cases: plain errors, so that every test runner can show them. */
export function check(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new Error(`not so: ${claim}`);
}

export function equal<T>(actual: T, expected: T, what: string): void {
  if (!same(actual, expected)) throw new Error(`${what}: expected ${shown(expected)}, got ${shown(actual)}`);
}

/** For bodies: says where the difference is instead of printing megabytes. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (actual.length !== expected.length) {
    throw new Error(`${what}: expected ${expected.length} bytes, got ${actual.length}`);
  }
  for (let at = 0; at < expected.length; at++) {
    if (actual[at] !== expected[at]) throw new Error(`${what}: byte ${at} is ${actual[at]}, expected ${expected[at]}`);
  }
}

/** The error that the promise ends with. Fails when it resolves, or with anything but an `ExportError`. */
export async function exportError(promise: Promise<unknown>, what: string): Promise<ExportError> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (ExportError.is(error)) return error;
    throw new Error(`${what}: expected an ExportError, got ${String(error)}`, { cause: error });
  }
  throw new Error(`${what}: expected an ExportError, but it resolved with ${shown(value)}`);
}

/** Fails unless the promise ends with this code. */
export async function failsWith(promise: Promise<unknown>, code: ExportErrorCode, what: string): Promise<ExportError> {
  const error = await exportError(promise, what);
  if (error.code !== code) {
    throw new Error(`${what}: expected the code "${code}", got "${error.code}" (${error.message})`, { cause: error });
  }
  return error;
}

export function accepts(ack: Ack, what: string): void {
  equal(ack, { rejectedItems: 0, message: "" }, what);
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && same(value, right.get(key)));
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 400 ? `${text.slice(0, 400)} ...` : text;
}

/** A few turns of the event loop: time for what should not happen to happen. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** For a promise that is awaited later: should the case fail before that, the failure of the promise is not one more. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {
    // Whoever awaits it gets the error all the same.
  });
  return promise;
}
