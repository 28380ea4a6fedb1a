import { ExportError } from "@otlpkit/core";

/** What is wrong with some data, and where: the `cause` of the errors that the codecs throw. */
export interface Flaw {
  /** Path to the field: "resourceSpans[0].scopeSpans[0].spans[2].traceId". Empty for the whole. */
  readonly field: string;
  /** What was expected or found there. */
  readonly description: string;
}

/** The error "invalid" for data with a flaw. It names the place and never the value. */
export function invalid(flaw: Flaw): ExportError {
  const place = flaw.field === "" ? "request" : flaw.field;
  return new ExportError("invalid", `${place}: ${flaw.description}`, { cause: flaw });
}

/** The flaw that an error is about, if a codec said so. */
export function flawOf(error: ExportError): Flaw | undefined {
  const cause = error.cause as Partial<Flaw> | null | undefined;
  if (typeof cause !== "object" || cause === null || Array.isArray(cause)) return undefined;
  if (typeof cause.field !== "string" || typeof cause.description !== "string") return undefined;
  return { field: cause.field, description: cause.description };
}
