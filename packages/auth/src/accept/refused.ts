import { ExportError, type Knock } from "@otlpkit/core";

/** What everybody is told who is not let in, whatever the reason; that is the cause, for our own log. */
export function refused(reason: string): ExportError {
  return new ExportError("unauthenticated", "the credentials are missing or not accepted", {
    cause: new Error(reason),
  });
}

/** What everybody is told when nobody can be checked: a file is gone, say. That is the cause, for our own log. */
export function notNow(cause: unknown): ExportError {
  return new ExportError("unavailable", "the credentials can't be checked now; try again", { cause });
}

/**
 * What a header holds behind its scheme ("Bearer", in any case), or all of it for the scheme "".
 *
 * @throws ExportError "unauthenticated" when there is no such header, or several
 */
export function credentialsIn({ headers }: Knock, header: string, scheme: string): string {
  const value = headers[header];
  if (typeof value !== "string" || value === "") throw refused(`the request has no single header ${header}`);
  if (scheme === "") return value;
  const prefix = `${scheme} `;
  if (value.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) {
    throw refused(`the header ${header} does not begin with ${scheme}`);
  }
  return value.slice(prefix.length).trim();
}
