import type { ExportErrorCode } from "@otlpkit/core";

/** Statuses after which the same request may be sent again (F-09). All others end it, 408 and 500 included (F-10). */
export const retryableStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What an answer that is not a success means for the caller. */
export const codeOfStatus: Readonly<Record<number, ExportErrorCode>> = {
  400: "invalid",
  401: "unauthenticated",
  403: "forbidden",
  404: "unsupported",
  405: "unsupported",
  407: "unauthenticated",
  413: "too-large",
  415: "unsupported",
  429: "overloaded",
  501: "unsupported",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/**
 * The `google.rpc.Code` that stands for a status, where the code above does not say it all: who has to know whether a
 * destination is broken (500) or will not have this request (all others that are "rejected") can tell by it. It changes
 * nothing about retries (F-10), and what the body says of a code is not acted upon (C-17).
 */
export const grpcStatusOf: Readonly<Record<number, number>> = { 500: 13 };

/** What to do about it, where there is something to say. */
export const adviceOfStatus: Readonly<Record<number, string>> = {
  401: "check the credentials in the headers",
  403: "the credentials do not allow this",
  404: "check the path, and that the far side takes this signal",
  405: "is this the path of an OTLP/HTTP receiver?",
  407: "a proxy in between asks for credentials",
  413: "send smaller batches",
  415: "the far side may not know this format or compression",
};
