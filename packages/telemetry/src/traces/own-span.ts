/** Values of a span's attributes. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Which span of which trace. */
export interface SpanIds {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
}

/** Where in time a trace lies: both clocks at one moment, so that a wall clock that is set disturbs no trace. */
export interface Anchor {
  readonly wallMs: number;
  readonly clockMs: number;
}

/** A span of ours that has not ended. */
export interface OpenSpan {
  readonly ids: SpanIds;
  readonly parentSpanId: string | undefined;
  readonly anchor: Anchor;
  readonly name: string;
  /** As the SDKs number them: 0 internal, 1 server, 2 client. */
  readonly kind: 0 | 1 | 2;
  readonly startMs: number;
  readonly attributes: Record<string, string | number | boolean>;
}

/** How a span ended. */
export interface SpanEnd {
  readonly endMs: number;
  /** Absent: it did not fail. */
  readonly error?: string;
}

/** Random hex digits, never all zero in practice. */
export function randomHex(bytes: 8 | 16): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}

/** A moment of the steady clock as the SDKs write times: seconds and nanoseconds since 1970. */
export function wallTime({ clockMs, wallMs }: Anchor, atMs: number): readonly [seconds: number, nanoseconds: number] {
  const ms = wallMs + (atMs - clockMs);
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.min(999_999_999, Math.max(0, Math.round((ms - seconds * 1000) * 1e6)))];
}
