import { getCiphers } from "node:tls";

/** Names of suites as OpenSSL has them, which is what Node takes. */
export interface Suites {
  readonly tls13: readonly string[];
  readonly tls12: readonly string[];
}

/**
 * Sorts names of cipher suites by the version that they are for: `TLS_AES_256_GCM_SHA384`,
 * `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` (the registry's names, as Go and the Collector write them), or
 * `ECDHE-RSA-AES128-GCM-SHA256` (OpenSSL's).
 *
 * @throws TypeError for a name that this Node does not know
 */
export function suitesOf(names: readonly string[]): Suites {
  const known = new Set(getCiphers());
  const tls13: string[] = [];
  const tls12: string[] = [];
  for (const name of names) {
    const isNew = /^TLS_(?!.*_WITH_)/u.test(name);
    const own = isNew ? name : opensslName(name);
    if (!known.has(own.toLowerCase()))
      throw new TypeError(`there is no cipher suite ${name} here; see tls.getCiphers()`);
    (isNew ? tls13 : tls12).push(own);
  }
  return { tls13, tls12 };
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` there. */
function opensslName(name: string): string {
  const [, exchange, cipher] = /^TLS_([A-Z_]+)_WITH_(\w+)$/u.exec(name) ?? [];
  if (exchange === undefined || cipher === undefined) return name;
  const parts = cipher
    .replace(/^AES_(\d+)_CBC/u, "AES$1")
    .replace(/^AES_(\d+)/u, "AES$1")
    .replace(/^CHACHA20_POLY1305_SHA256$/u, "CHACHA20_POLY1305")
    .replaceAll("_", "-");
  // Plain RSA is what OpenSSL does not name.
  return exchange === "RSA" ? parts : `${exchange.replaceAll("_", "-")}-${parts}`;
}
