import { ExportError } from "@otlpkit/core";

/** Headers by name in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** Headers that say how the message is framed and written: only the transport knows, so nobody else may set them. */
const reserved: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // Ours is the one that is sent; the option `userAgent` goes in front of it (J-04).
  "user-agent",
]);

const token = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Names in lower case, without those that the transport sets itself.
 *
 * @throws ExportError "rejected" when a name or a value may not be sent. The value is not shown: it may be a secret.
 */
export function ownHeaders(headers: Headers): Headers {
  const own: Record<string, string> = {};
  for (const name in headers) {
    const key = name.toLowerCase();
    const value = headers[name] as string;
    if (reserved.has(key)) continue;
    if (!token.test(key)) throw new ExportError("rejected", `"${name}" is not the name of an HTTP header`);
    if (!fieldValue.test(value)) {
      throw new ExportError("rejected", `the value of header "${key}" holds characters that HTTP does not allow`);
    }
    own[key] = value;
  }
  return own;
}
