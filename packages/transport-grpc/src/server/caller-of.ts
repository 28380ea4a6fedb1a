import type { TLSSocket } from "node:tls";
import { type Authenticator, type Caller, type CallerCertificate, callerCertificate } from "@otlpkit/core";

/** What of a call is looked at to find out who makes it. */
export interface Approach {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly address: string;
  readonly certificate: CallerCertificate | undefined;
}

/** Asks who it is. */
export function callerOf(authenticator: Authenticator, approach: Approach, gone: AbortSignal): Promise<Caller> {
  const { headers, address, certificate } = approach;
  return authenticator.authenticate({ headers, address, ...(certificate === undefined ? {} : { certificate }) }, gone);
}

/** Read once a connection. */
const known: unique symbol = Symbol("certificate");

/** The certificate that the other side showed, if `ca` vouches for it. */
export function certificateOf(socket: TLSSocket & { [known]?: CallerCertificate }): CallerCertificate | undefined {
  if (!socket.authorized) return undefined;
  if (socket[known] !== undefined) return socket[known];
  const shown = socket.getPeerX509Certificate();
  return shown === undefined ? undefined : (socket[known] = callerCertificate(shown));
}
