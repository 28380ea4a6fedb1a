import { flag, or, present, section, type SectionOf } from "@otlpkit/config";
import { authenticate, type Authenticator, pipe, type Transport } from "@otlpkit/core";
import type { ComponentContext } from "../component.ts";
import { type Reference, reference } from "../references.ts";

/** `auth` of a receiver: an extension that knows who may come in. */
export const receiverAuth = present(section({ authenticator: reference("authenticator") }));

/** `auth` of an exporter: an extension that proves who we are. */
const exporterKeys = {
  authenticator: reference("credentials"),
  /** Ours: send credentials where anybody in between can read them. */
  allow_cleartext: or(flag, false),
};
export const exporterAuth = present(section(exporterKeys));

type ReceiverAuth = { readonly authenticator: Reference<"authenticator"> } | undefined;
type ExporterAuth = SectionOf<typeof exporterKeys> | undefined;

/** What checks who knocks, as an option of a receiver. */
export function authenticatorOf(auth: ReceiverAuth, context: ComponentContext): { authenticator?: Authenticator } {
  return auth === undefined ? {} : { authenticator: context.offer(auth.authenticator) };
}

/**
 * Puts credentials on each attempt, for the endpoint that it goes to.
 *
 * @throws ExportError, when it connects, for an endpoint in clear that is not on this machine
 */
export function authenticated(transport: Transport, auth: ExporterAuth, context: ComponentContext): Transport {
  if (auth === undefined) return transport;
  const credentials = context.offer(auth.authenticator);
  const options = { allowCleartext: auth.allow_cleartext };
  return {
    name: transport.name,
    connect: (endpoint) => pipe(authenticate(credentials, endpoint, options), transport.connect(endpoint)),
  };
}
