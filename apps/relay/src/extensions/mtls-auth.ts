import { list, optional, section, text } from "@otlpkit/config";
import { definePlugin } from "@otlpkit/core";
import type { Extension } from "../component.ts";

const config = section({
  /** SPIFFE ids and DNS names, `*` for a part: `spiffe://example.org/ns/*` + "/sa/otlp". Absent: all that TLS has verified. */
  names: optional(list(text)),
  /** SHA-256 fingerprints of certificates, hex. */
  fingerprints: list(text),
});

/** `mtlsauth` (ours): who may come in, by the certificate that the receiver's `tls.client_ca_file` has verified. */
export const mtlsAuthExtension = definePlugin({
  kind: "extension",
  names: ["mtlsauth", "mtls_auth"],
  config,
  async create({ names, fingerprints }): Promise<Extension> {
    const { acceptCertificate } = await import("@otlpkit/auth");
    const authenticator = acceptCertificate({ ...(names === undefined ? {} : { names }), fingerprints });
    return { offers: { authenticator }, close: () => Promise.resolve() };
  },
});
