/**
 * Why a batch was not delivered. There is one code for each thing that a caller would do differently:
 *
 * | code | meaning | sent again? |
 * |---|---|---|
 * | `invalid` | the data are malformed or not acceptable | no |
 * | `too-large` | a size limit was passed, ours or theirs | no |
 * | `unauthenticated` | no credentials, or they were not accepted | no |
 * | `forbidden` | the credentials do not allow it | no |
 * | `unsupported` | the far side does not know this signal, path, type or compression | no |
 * | `rejected` | any other permanent refusal | no |
 * | `bad-response` | an answer came and could not be used, for instance because it was too large | no |
 * | `overloaded` | there is too much at the moment, come back later | yes |
 * | `unavailable` | temporarily not there, or the connection broke before an answer | yes |
 * | `timeout` | no answer within the time for one attempt, or within the whole | yes |
 * | `cancelled` | the caller gave up | no |
 * | `closed` | the sender was closed before | no |
 *
 * "Sent again?" is the default of {@link ExportError.retryable}; who knows better says so.
 */
export type ExportErrorCode =
  | "invalid"
  | "too-large"
  | "unauthenticated"
  | "forbidden"
  | "unsupported"
  | "rejected"
  | "bad-response"
  | "overloaded"
  | "unavailable"
  | "timeout"
  | "cancelled"
  | "closed";

const retryableCodes: ReadonlySet<ExportErrorCode> = new Set(["overloaded", "unavailable", "timeout"]);

/** What is known about a failure besides its code and text. */
export interface ExportErrorDetails {
  /** Overrides what the code says about trying again. */
  readonly retryable?: boolean | undefined;
  /** The far side asks not to be called again for so many ms (RetryInfo, Retry-After). Absent or 0: it did not say. */
  readonly retryAfterMs?: number | undefined;
  /** The `google.rpc.Code` that the far side answered with, so that a relay can hand it on (B-20). */
  readonly grpcStatus?: number | undefined;
  /** The error underneath. */
  readonly cause?: unknown;
}

// `Symbol.for`, so that two copies of this package in one tree recognise each other's errors.
const brand = Symbol.for("@otlpkit/core.ExportError");

/**
 * The one error of every sender. Switch on `code`; a stage that tries again asks only `retryable`.
 *
 * The message says what was attempted, what went wrong and what to do. It holds no secret and no payload.
 */
export class ExportError extends Error {
  override readonly name = "ExportError";
  readonly code: ExportErrorCode;
  /** Whether the same bytes may be accepted later. */
  readonly retryable: boolean;
  /** Wait at least so many ms before sending to this destination again; 0 when the far side did not say. */
  readonly retryAfterMs: number;
  /** The `google.rpc.Code` of the answer, when there was one. */
  readonly grpcStatus: number | undefined;

  constructor(code: ExportErrorCode, message: string, details: ExportErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? retryableCodes.has(code);
    this.retryAfterMs = details.retryAfterMs ?? 0;
    this.grpcStatus = details.grpcStatus;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Recognises the errors of any copy of this package. */
  static is(value: unknown): value is ExportError {
    return typeof value === "object" && value !== null && brand in value;
  }

  /**
   * Wraps a foreign error at the border where it enters, once. An `ExportError` passes unchanged; anything else becomes
   * "rejected" (not sent again), because an error that nobody foresaw will most likely happen again.
   */
  static from(value: unknown, attempted = "export failed"): ExportError {
    if (ExportError.is(value)) return value;
    const reason = value instanceof Error ? value.message : String(value);
    return new ExportError("rejected", `${attempted}: ${reason}`, { cause: value });
  }
}
