// Certificates for tests, made on the spot so that they can be renewed, expire and be wrong.
// oxlint-disable-next-line import/no-unassigned-import -- the next one needs what this one adds
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto as never);
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export interface IssueOptions {
  /** `DNS:localhost`, `IP:127.0.0.1`, `URI:spiffe://…`. */
  readonly names: readonly string[];
  readonly from?: Date;
  readonly until?: Date;
}

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly ca: string;
  issue(options: IssueOptions): Promise<Issued>;
}

const dayMs = 86_400_000;
let serial = 1;

export async function authority(name = "test authority"): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: String(serial++).padStart(2, "0"),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 365 * dayMs),
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    ca: `${ca.toString("pem")}\n`,
    async issue({ names, from = new Date(Date.now() - dayMs), until = new Date(Date.now() + 30 * dayMs) }) {
      const own = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: String(serial++).padStart(2, "0"),
        subject: "CN=test",
        issuer: ca.subject,
        notBefore: from,
        notAfter: until,
        signingAlgorithm: algorithm,
        publicKey: own.publicKey as never,
        signingKey: keys.privateKey as never,
        extensions: [
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map((each) => {
              const [kind = "", ...rest] = each.split(":");
              const type = ({ DNS: "dns", IP: "ip", URI: "url" } as const)[kind as "DNS"];
              return { type, value: rest.join(":") };
            }),
          ),
        ],
      });
      const key = await webcrypto.subtle.exportKey("pkcs8", own.privateKey);
      return {
        cert: `${certificate.toString("pem")}\n`,
        key: `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`,
      };
    },
  };
}
