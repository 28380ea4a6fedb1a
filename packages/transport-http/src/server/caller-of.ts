import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { type Authenticator, type Caller, type CallerCertificate, callerCertificate } from "@otlpkit/core";

/** Asks who it is. Nobody is asked any more once the sender has hung up. */
export async function callerOf(
  authenticator: Authenticator,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Caller> {
  const hungUp = new AbortController();
  const hangUp = (): void => hungUp.abort(new Error("the sender hung up"));
  response.once("close", hangUp);
  try {
    const certificate = certificateOf(request.socket as TLSSocket);
    const knock = {
      headers: request.headers,
      address: request.socket.remoteAddress ?? "",
      ...(certificate === undefined ? {} : { certificate }),
    };
    return await authenticator.authenticate(knock, hungUp.signal);
  } finally {
    response.off("close", hangUp);
  }
}

/** Read once a connection. */
const known: unique symbol = Symbol("certificate");

function certificateOf(socket: TLSSocket & { [known]?: CallerCertificate }): CallerCertificate | undefined {
  // Without TLS, or one that `ca` does not vouch for.
  if (!socket.authorized) return undefined;
  if (socket[known] !== undefined) return socket[known];
  const shown = socket.getPeerX509Certificate();
  return shown === undefined ? undefined : (socket[known] = callerCertificate(shown));
}
