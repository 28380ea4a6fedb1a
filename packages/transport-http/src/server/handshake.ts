import type { TLSSocket } from "node:tls";
import { ExportError } from "@otlpkit/core";

/** What node:tls says of handshakes that fail, in words. Those that merely broke off are nobody's refusal. */
const reasons: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "the caller showed no certificate",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "the caller speaks no version of TLS that is allowed here",
  ERR_SSL_NO_SHARED_CIPHER: "the caller knows no cipher suite that is allowed here",
  ERR_SSL_NO_SHARED_GROUP: "the caller knows no group for the key exchange that is allowed here",
  ERR_SSL_NO_SUITABLE_KEY_SHARE: "the caller knows no group for the key exchange that is allowed here",
  ERR_SSL_CERTIFICATE_VERIFY_FAILED: "the caller's certificate is not accepted",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the caller does not trust the authority of our certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "the caller does not take our certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the caller does not take our certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the caller says that our certificate has ended",
};

/** Why nobody got in at a handshake that failed ("tlsClientError"), or undefined when there is nothing to say of it. */
export function handshakeRefusal(error: Error, socket: TLSSocket): ExportError | undefined {
  // A certificate that `ca` does not vouch for: Node hangs up, and keeps the reason to itself. CERT_HAS_EXPIRED, mostly.
  const { authorizationError: unaccepted } = socket as { readonly authorizationError?: Error | string };
  const reason =
    unaccepted === undefined || unaccepted === null
      ? reasons[(error as NodeJS.ErrnoException).code ?? ""]
      : `the caller's certificate is not accepted (${typeof unaccepted === "string" ? unaccepted : unaccepted.message})`;
  if (reason === undefined) return undefined;
  return new ExportError("unauthenticated", "a TLS connection was refused", { cause: new Error(reason) });
}
