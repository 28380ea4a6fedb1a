import { eightBytesAsHex, sixteenBytesAsHex } from "./hex.ts";

/** Makes ids for traces and spans; in the shape of the OpenTelemetry SDK, so that those made for it fit. */
export interface IdGenerator {
  /** 32 lower-case hex digits, not all zero. */
  generateTraceId(): string;
  /** 16 lower-case hex digits, not all zero. */
  generateSpanId(): string;
  /** Whether the last 7 bytes of its trace ids are random, which samplers elsewhere may rely on (N2-13). Default false. */
  readonly randomTraceIds?: boolean;
}

/** Fills bytes with randomness, as `crypto.getRandomValues` does. */
export type FillRandom = (bytes: Uint8Array<ArrayBuffer>) => void;

// Asked for many at once, random bytes cost next to nothing.
const poolBytes = 4096;

/** Ids that are random from end to end, as W3C Trace Context level 2 wants them. */
export function randomIds(fill: FillRandom = (bytes) => void crypto.getRandomValues(bytes)): IdGenerator {
  const bytes = new Uint8Array(poolBytes);
  let next = poolBytes;

  /** The place of so many bytes that nobody had yet. */
  function take(count: number): number {
    if (next + count > poolBytes) {
      fill(bytes);
      next = 0;
    }
    next += count;
    return next - count;
  }

  function generateTraceId(): string {
    const id = sixteenBytesAsHex(bytes, take(16));
    return id === noTrace ? generateTraceId() : id;
  }

  function generateSpanId(): string {
    const id = eightBytesAsHex(bytes, take(8));
    return id === noSpan ? generateSpanId() : id;
  }

  return { generateTraceId, generateSpanId, randomTraceIds: true };
}

const noTrace = "0".repeat(32);
const noSpan = "0".repeat(16);
