import { equal } from "../../cases/check.ts";
import type { ReceiverSetting, Told } from "./door.ts";

/** HTTP statuses and gRPC codes that mean the same. */
const codes = {
  invalid: { http: [400], grpc: [3] },
  "too-large": { http: [413], grpc: [8] },
  unauthenticated: { http: [401], grpc: [16] },
  forbidden: { http: [403], grpc: [7] },
  "no such signal": { http: [404], grpc: [12] },
  "unknown compression": { http: [415], grpc: [12] },
  busy: { http: [429, 503], grpc: [14] },
} as const;

/** Fails unless the answer means this, and is retryable exactly when it is "busy". */
export function tells({ speaks }: ReceiverSetting, told: Told, meaning: keyof typeof codes, what: string): void {
  const wanted: readonly number[] = codes[meaning][speaks];
  if (!wanted.includes(told.code)) {
    throw new Error(`${what}: expected ${wanted.join(" or ")} (${meaning}), got ${told.code} ("${told.message}")`);
  }
  equal(told.retryable, meaning === "busy", `whether ${what} may be sent again`);
  if (meaning !== "busy") equal(told.retryAfterMs, undefined, `the wait after ${what}`);
  if (told.message === "") throw new Error(`${what}: the answer does not say why [D-13]`);
}
