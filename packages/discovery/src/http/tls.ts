import type { RequestOptions } from "node:https";

/** Whom to trust, and who we are, where a source is reached over TLS. */
export interface SourceTls {
  /** Certificates (PEM) of the authorities to trust, instead of the ones that Node brings. */
  readonly ca?: string | Uint8Array;
  /** Our certificate (PEM), for sources that ask for one. Needs `key`. */
  readonly cert?: string | Uint8Array;
  /** The private key (PEM) of `cert`. */
  readonly key?: string | Uint8Array;
  /** The name that the source's certificate must be for, when it is not the host of the URL. */
  readonly serverName?: string;
  /** Accept any certificate. For tests: whoever is in between can read and change everything. Default false. */
  readonly insecureSkipVerify?: boolean;
}

/** As `node:https` takes it. Part of what its agent tells connections apart by, so a new certificate means a new one. */
export function tlsOf({ ca, cert, key, serverName, insecureSkipVerify = false }: SourceTls): RequestOptions {
  return {
    ...(ca === undefined ? {} : { ca: bytes(ca) }),
    ...(cert === undefined ? {} : { cert: bytes(cert) }),
    ...(key === undefined ? {} : { key: bytes(key) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(insecureSkipVerify ? { rejectUnauthorized: false } : {}),
  };
}

function bytes(pem: string | Uint8Array): string | Buffer {
  return typeof pem === "string" ? pem : Buffer.from(pem);
}
