import type { Answer, RefuseAnswer } from "@otlpkit/testkit/node";
import type { Stage } from "../scenario.ts";

// The same answer in both protocols.

export const ok: Answer = { kind: "ok" };

/** Of those that pass: UNAVAILABLE, 503. */
export function unavailable({ http }: Stage, more: Partial<RefuseAnswer> = {}): Answer {
  return { kind: "refuse", ...(http ? { httpStatus: 503 } : { grpcStatus: 14 }), ...more };
}

/** Of those that do not: INVALID_ARGUMENT, 400. */
export function invalid({ http }: Stage, more: Partial<RefuseAnswer> = {}): Answer {
  return { kind: "refuse", grpcStatus: 3, ...(http ? { httpStatus: 400 } : {}), ...more };
}
