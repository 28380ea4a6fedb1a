/** Who is trusted, and who we are, on `https:` endpoints. */
export interface TlsOptions {
  /** Certificates (PEM) of the authorities to trust, instead of the ones that Node brings. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Our certificate (PEM), for far sides that ask for one. Needs `key`. */
  readonly cert?: string | Uint8Array;
  /** The private key (PEM) of `cert`. */
  readonly key?: string | Uint8Array;
  /** The name that the far side's certificate must be for, when it is not the host of the endpoint. */
  readonly serverName?: string;
  /** Accept any certificate. For tests: whoever is in between can read and change everything. Default false. */
  readonly insecureSkipVerify?: boolean;
}

/** PEM as node:tls takes it. */
export function pem(part: string | Uint8Array): string | Buffer {
  return typeof part === "string" ? part : Buffer.from(part);
}
