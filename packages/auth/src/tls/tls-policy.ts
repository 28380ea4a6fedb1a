import type { SecureVersion } from "node:tls";
import { suitesOf } from "./cipher-suites.ts";

/** What a TLS connection must be like. */
export interface TlsPolicyOptions {
  /** Oldest version that is spoken. Default "TLSv1.2". Older ones than that can't be had (RFC 8996). */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** Newest version that is spoken. Default "TLSv1.3". */
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  /** Cipher suites, for both versions in one list, best first; the registry's names or OpenSSL's. Default: Node's choice. */
  readonly cipherSuites?: readonly string[];
  /** Groups for the key exchange, best first: "X25519", "P-256". Default: Node's choice. */
  readonly groups?: readonly string[];
}

/** A policy as `node:tls` takes it. */
export interface TlsPolicy {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  readonly ciphers?: string;
  readonly ecdhCurve?: string;
  readonly honorCipherOrder: true;
  /** What is right and may surprise: that peers may be cut off, for instance. For the log. */
  readonly warnings: readonly string[];
}

/** Ready-made policies, by what they are called elsewhere (Mozilla's Server Side TLS). */
const named: Readonly<Record<"modern" | "intermediate", TlsPolicyOptions>> = {
  /** TLS 1.3 and nothing else. */
  modern: { minVersion: "TLSv1.3" },
  /** TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3. */
  intermediate: {
    minVersion: "TLSv1.2",
    cipherSuites: [
      "TLS_AES_128_GCM_SHA256",
      "TLS_AES_256_GCM_SHA384",
      "TLS_CHACHA20_POLY1305_SHA256",
      "ECDHE-ECDSA-AES128-GCM-SHA256",
      "ECDHE-RSA-AES128-GCM-SHA256",
      "ECDHE-ECDSA-AES256-GCM-SHA384",
      "ECDHE-RSA-AES256-GCM-SHA384",
      "ECDHE-ECDSA-CHACHA20-POLY1305",
      "ECDHE-RSA-CHACHA20-POLY1305",
    ],
  },
};

/**
 * Checks a policy and writes it as `node:tls` takes it, which does not check: there, a minimum above the maximum, or suites
 * of a version that is not spoken, make a context that never connects, and a list of suites for TLS 1.2 leaves all of TLS 1.3
 * on.
 *
 * @throws TypeError when parts of it contradict each other, or a name is not known; says which and what to do
 */
export function tlsPolicy(options: TlsPolicyOptions | "modern" | "intermediate" = {}): TlsPolicy {
  const {
    minVersion = "TLSv1.2",
    maxVersion = "TLSv1.3",
    cipherSuites,
    groups,
  }: TlsPolicyOptions = typeof options === "string" ? named[options] : options;
  for (const version of [minVersion, maxVersion]) {
    if (!/^TLSv1\.[23]$/u.test(version)) throw new TypeError(`${version} can't be used; TLSv1.2 and TLSv1.3 can`);
  }
  if (minVersion > maxVersion) {
    throw new TypeError(`no connection can have at least ${minVersion} and at most ${maxVersion}; exchange them`);
  }
  const warnings: string[] = [];
  const ciphers = cipherSuites === undefined ? undefined : suitesFor(minVersion, maxVersion, cipherSuites, warnings);
  return {
    minVersion,
    maxVersion,
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(groups === undefined ? {} : { ecdhCurve: groupsOf(groups) }),
    honorCipherOrder: true,
    warnings,
  };
}

function suitesFor(minVersion: string, maxVersion: string, names: readonly string[], warnings: string[]): string {
  if (names.length === 0) throw new TypeError("the list of cipher suites is empty; leave it out for Node's choice");
  const { tls13, tls12 } = suitesOf(names);
  const with13 = maxVersion === "TLSv1.3";
  const with12 = minVersion === "TLSv1.2";
  if (with13 && tls13.length === 0) {
    throw new TypeError(
      "the cipher suites are all for TLS 1.2, which would leave every suite of TLS 1.3 on; name those you want, such as " +
        "TLS_AES_128_GCM_SHA256, or set the maximum version to TLSv1.2",
    );
  }
  if (!with13 && tls13.length > 0)
    throw new TypeError(`${tls13[0]} is for TLS 1.3, which the maximum version rules out`);
  if (!with12 && tls12.length > 0)
    throw new TypeError(`${tls12[0]} is for TLS 1.2, which the minimum version rules out`);
  if (with12 && tls12.length === 0) {
    throw new TypeError("no cipher suite is for TLS 1.2; name one, or set the minimum version to TLSv1.3");
  }
  if (with13 && !tls13.includes("TLS_AES_128_GCM_SHA256")) {
    warnings.push(
      "TLS_AES_128_GCM_SHA256 is the one suite that everybody must have (RFC 8446); without it some can't connect",
    );
  }
  if (tls12.some((name) => !/^(?:ECDHE|DHE)-/u.test(name))) {
    warnings.push(
      "a suite without (EC)DHE has no forward secrecy: who gets the key later reads what was recorded before",
    );
  }
  return [...tls13, ...tls12].join(":");
}

const groupNames: Readonly<Record<string, string>> = { P256: "P-256", P384: "P-384", P521: "P-521" };

function groupsOf(groups: readonly string[]): string {
  if (groups.length === 0) throw new TypeError("the list of groups is empty; leave it out for Node's choice");
  const names = groups.map((name) => groupNames[name] ?? name);
  try {
    process.getBuiltinModule("node:tls").createSecureContext({ ecdhCurve: names.join(":") });
  } catch {
    throw new TypeError(`one of the groups ${names.join(", ")} is not known here; X25519, P-256, P-384 and P-521 are`);
  }
  return names.join(":");
}
