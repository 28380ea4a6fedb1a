import type { ExportError } from "@otlpkit/core";

/** What an answer says about the endpoint that gave it. */
export type Verdict = "well" | "sick" | "neither";

const unknown = 2;
const internal = 13;

/**
 * What a failure says about the endpoint: it is sick when it is not there, does not answer in time, answers with what
 * cannot be read, or says that it is broken itself (UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, UNKNOWN, connections that
 * fail, and 500). What is wrong with the data or with credentials is not its fault; an endpoint that has too much to do is
 * left alone for as long as it asks, and is not ejected.
 */
export function verdictOf({ code, grpcStatus }: ExportError): Verdict {
  switch (code) {
    case "unavailable":
    case "timeout":
    case "bad-response":
      return "sick";
    case "rejected":
      // Any refusal that nobody has another word for, 500 among them; gRPC says more.
      return grpcStatus === undefined || grpcStatus === unknown || grpcStatus === internal ? "sick" : "neither";
    default:
      return "neither";
  }
}
