import { ExportError } from "@otlpkit/core";

/** The codings of this package, as they are called on the wire. */
export type Coding = "gzip" | "deflate" | "br" | "zstd";

/** How hard to try. */
export interface LevelOptions {
  /** Higher is smaller and slower. */
  readonly level?: number;
}

/**
 * What a platform does for one coding. `codec.node.ts` and `codec.browser.ts` hold one table of these each; which of
 * the two `#codec` means is settled by the export condition "browser", never by looking at globals.
 */
export interface Codec {
  compress(body: Uint8Array, level: number): Promise<Uint8Array>;
  /** `expectedBytes` is what the body itself says about its size: a hint, never to be trusted. */
  decompress(body: Uint8Array, maxBytes: number, expectedBytes: number | undefined): Promise<Uint8Array>;
}

/** One codec for each coding. */
export type CodecTable = Readonly<Record<Coding, Codec>>;

/** Fills in and checks a level, at the door. */
export function levelOf(
  name: string,
  level: number | undefined,
  defaultLevel: number,
  min: number,
  max: number,
): number {
  const chosen = level ?? defaultLevel;
  if (Number.isInteger(chosen) && chosen >= min && chosen <= max) return chosen;
  throw new RangeError(`${name}: level must be a whole number from ${min} to ${max}, not ${chosen}`);
}

/** The body says, or has shown, that it is larger than we accept. */
export function tooLarge(coding: Coding, maxBytes: number, cause?: unknown): ExportError {
  const message = `cannot decompress ${coding}: the body is larger than ${maxBytes} bytes; send smaller requests`;
  return new ExportError("too-large", message, { cause });
}

/** The body is not what its coding promises. */
export function damaged(coding: Coding, what: string, cause?: unknown): ExportError {
  return new ExportError("invalid", `cannot decompress ${coding}: ${what}`, { cause });
}
