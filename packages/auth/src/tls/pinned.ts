import { createHash } from "node:crypto";
import { checkServerIdentity, type PeerCertificate } from "node:tls";

/**
 * A check of the far side's certificate for `checkServerIdentity`: the usual one, and that its public key is one of `pins`:
 * base64 of SHA-256 over the SubjectPublicKeyInfo, as `openssl x509 -pubkey -noout | openssl pkey -pubin -outform der |
 * openssl dgst -sha256 -binary | base64` makes it. Pin two keys, the one in use and the next, or a rotation locks you out.
 *
 * @throws TypeError when a pin is not 32 bytes in base64
 */
export function pinned(pins: readonly string[]): (host: string, certificate: PeerCertificate) => Error | undefined {
  const wanted = new Set(pins.map((pin) => normal(pin)));
  if (wanted.size === 0) throw new TypeError("there must be at least one pin");
  return (host, certificate) => {
    const wrong = checkServerIdentity(host, certificate);
    if (wrong !== undefined) return wrong;
    const { pubkey } = certificate as { pubkey?: Uint8Array };
    if (
      pubkey !== undefined &&
      wanted.has(
        createHash("sha256")
          .update(spki(certificate) ?? pubkey)
          .digest("base64"),
      )
    ) {
      return undefined;
    }
    return new Error(`the public key of ${host} is none of those that are pinned`);
  };
}

/** The whole SubjectPublicKeyInfo, where Node's `pubkey` may be less. */
function spki({ raw }: PeerCertificate): Buffer | undefined {
  if (raw === undefined) return undefined;
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  return new X509Certificate(raw).publicKey.export({ type: "spki", format: "der" });
}

function normal(pin: string): string {
  const bytes = Buffer.from(pin.replace(/^sha256\//u, ""), "base64");
  if (bytes.length !== 32) throw new TypeError("a pin is base64 of 32 bytes, the SHA-256 of a public key");
  return bytes.toString("base64");
}
