import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type SecureVersion, type TLSSocket, type TlsOptions } from "node:tls";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExportError } from "@otlpkit/core";
import { createHash, X509Certificate } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  checkPair,
  pinned,
  suitesOf,
  tlsFiles,
  type TlsFilesOptions,
  tlsPolicy,
  type TlsPolicyOptions,
} from "../src/tls/index.ts";
import { type Authority, authority, type Issued } from "./certificates.ts";

let root: Authority;
let pair: Issued;
beforeAll(async () => {
  root = await authority();
  pair = await root.issue({ names: ["DNS:localhost", "IP:127.0.0.1"] });
});

/** What a client and a server agree on, or how they fail. */
async function handshake(server: TlsOptions, client: object): Promise<string> {
  const listening = createServer({ ...pair, ...server }).listen(0, "127.0.0.1");
  listening.on("tlsClientError", () => undefined);
  onTestFinished(() => void listening.close());
  await new Promise((resolve) => listening.once("listening", resolve));
  const { port } = listening.address() as AddressInfo;
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ host: "127.0.0.1", port, ca: root.ca, ...client }, () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().standardName}`);
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe("tlsPolicy", () => {
  it("speaks TLS 1.2 and 1.3 unless told otherwise", async () => {
    const versions: SecureVersion[] = ["TLSv1.2", "TLSv1.3"];
    for (const maxVersion of versions) {
      expect(await handshake(tlsPolicy(), { maxVersion })).toMatch(new RegExp(`^${maxVersion} `));
    }
  });

  it("refuses old clients with modern, and takes those with good suites with intermediate", async () => {
    expect(await handshake(tlsPolicy("modern"), { maxVersion: "TLSv1.2" })).toBe(
      "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    );
    expect(await handshake(tlsPolicy("intermediate"), { maxVersion: "TLSv1.2" })).toMatch(
      /^TLSv1\.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM/,
    );
    const old = { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA" };
    expect(await handshake(tlsPolicy("intermediate"), old)).toContain("HANDSHAKE_FAILURE");
  });

  it("chooses the suites of TLS 1.3 as well, which Node's list of ciphers alone does not", async () => {
    const policy = tlsPolicy({ minVersion: "TLSv1.3", cipherSuites: ["TLS_AES_256_GCM_SHA384"] });
    expect(policy.warnings).toEqual([expect.stringContaining("RFC 8446")]);
    expect(await handshake(policy, {})).toBe("TLSv1.3 TLS_AES_256_GCM_SHA384");
    expect(await handshake(policy, { ciphers: "TLS_CHACHA20_POLY1305_SHA256" })).toContain("HANDSHAKE_FAILURE");
  });

  it("takes names as the registry, Go and OpenSSL write them", () => {
    const names = [
      "TLS_AES_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
      "TLS_RSA_WITH_AES_256_CBC_SHA256",
      "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
      "ECDHE-ECDSA-AES256-GCM-SHA384",
    ];
    expect(suitesOf(names)).toEqual({
      tls13: ["TLS_AES_128_GCM_SHA256"],
      tls12: [
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "AES256-SHA256",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
      ],
    });
  });

  it("puts groups in their order", async () => {
    const policy = tlsPolicy({ groups: ["P384", "X25519"] });
    expect(policy.ecdhCurve).toBe("P-384:X25519");
    expect(await handshake(policy, { ecdhCurve: "P-256" })).toContain("HANDSHAKE_FAILURE");
    expect(await handshake(policy, { ecdhCurve: "X25519" })).toContain("TLSv1.3");
  });

  it("warns of suites without forward secrecy", () => {
    const cipherSuites = ["TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"];
    expect(tlsPolicy({ cipherSuites }).warnings).toEqual([expect.stringContaining("forward secrecy")]);
  });

  it.each<[TlsPolicyOptions, RegExp]>([
    [{ minVersion: "TLSv1.3", maxVersion: "TLSv1.2" }, /at least TLSv1\.3 and at most TLSv1\.2; exchange them/],
    [{ minVersion: "TLSv1.1" as "TLSv1.2" }, /TLSv1\.1 can't be used/],
    [{ cipherSuites: ["ECDHE-RSA-AES128-GCM-SHA256"] }, /leave every suite of TLS 1\.3 on/],
    [{ cipherSuites: ["TLS_AES_128_GCM_SHA256"] }, /no cipher suite is for TLS 1\.2/],
    [{ maxVersion: "TLSv1.2", cipherSuites: ["TLS_AES_128_GCM_SHA256"] }, /maximum version rules out/],
    [{ minVersion: "TLSv1.3", cipherSuites: ["TLS_AES_128_GCM_SHA256", "AES256-SHA256"] }, /minimum version rules out/],
    [{ cipherSuites: ["TLS_NULL_WITH_NULL_NULL"] }, /no cipher suite TLS_NULL_WITH_NULL_NULL/],
    [{ cipherSuites: [] }, /is empty/],
    [{ groups: ["P-1"] }, /not known here/],
    [{ groups: [] }, /is empty/],
  ])("refuses %j, which Node takes silently or explains badly", (options, message) => {
    expect(() => tlsPolicy(options)).toThrow(message);
  });
});

describe("pinned", () => {
  const pinOf = (cert: string): string =>
    createHash("sha256")
      .update(new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" }))
      .digest("base64");

  it("takes the key that is pinned and refuses others, whoever signed them", async () => {
    const client = { checkServerIdentity: pinned([`sha256/${pinOf(pair.cert)}`]) };
    expect(await handshake({}, client)).toContain("TLSv1.3");
    const other = await root.issue({ names: ["IP:127.0.0.1"] });
    expect(await handshake(other, client)).toContain("is none of those that are pinned");
  });

  it("still looks at the name", async () => {
    const client = { checkServerIdentity: pinned([pinOf(pair.cert)]), servername: "elsewhere.example" };
    expect(await handshake({}, { ...client, host: "127.0.0.1" })).toMatch(/ALTNAME|pinned/);
  });

  it("refuses what is no pin", () => {
    expect(() => pinned(["abc"])).toThrow("32 bytes");
    expect(() => pinned([])).toThrow("at least one");
  });
});

describe("checkPair", () => {
  const day = 86_400_000;

  it("tells what is known of a certificate", async () => {
    const facts = checkPair(pair, Date.now());
    expect(facts).toMatchObject({ subject: "CN=test", names: ["DNS:localhost", "IP Address:127.0.0.1"] });
    expect(facts.notAfterMs - Date.now()).toBeGreaterThan(29 * day);
  });

  it.each<[string, () => Promise<Issued>, RegExp]>([
    [
      "a key of another",
      async () => ({ ...pair, key: (await root.issue({ names: ["DNS:a"] })).key }),
      /do not belong together/,
    ],
    ["what is no key", async () => ({ ...pair, key: "-----BEGIN canary" }), /no private key in PEM/],
    ["what is no certificate", async () => ({ ...pair, cert: "canary" }), /no certificate in PEM/],
    ["an old one", () => root.issue({ names: ["DNS:a"], until: new Date(Date.now() - 1000) }), /ended at/],
    ["one for later", () => root.issue({ names: ["DNS:a"], from: new Date(Date.now() + day) }), /begins at .* clock/],
  ])("refuses %s", async (_, make, message) => {
    const given = await make();
    expect(() => checkPair(given, Date.now())).toThrow(message);
    expect(() => checkPair(given, Date.now())).toThrow(/^(?!.*canary)/);
  });
});

describe("tlsFiles", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "otlpkit-tls-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);

  function put({ cert, key }: Issued): void {
    writeFileSync(at("tls.crt"), cert);
    writeFileSync(at("tls.key"), key);
  }

  async function loaded(options: Partial<TlsFilesOptions> = {}) {
    const errors: ExportError[] = [];
    const files = await tlsFiles({
      certFile: at("tls.crt"),
      keyFile: at("tls.key"),
      debounceMs: 5,
      pollMs: 30,
      onError: (error) => void errors.push(error),
      ...options,
    });
    onTestFinished(() => files.close());
    let changes = 0;
    files.onChange(() => void changes++);
    return { files, errors, changes: () => changes };
  }

  it("follows files that are written anew, one after the other", async () => {
    put(pair);
    const { files, changes } = await loaded();
    const next = await root.issue({ names: ["DNS:next"] });
    writeFileSync(at("tls.crt"), next.cert);
    await new Promise((resolve) => setTimeout(resolve, 60));
    // Half of it: the old pair is the one that works.
    expect(files.current).toEqual(pair);
    writeFileSync(at("tls.key"), next.key);
    await expect.poll(() => files.current).toEqual(next);
    expect(changes()).toBe(1);
    expect(files.facts.certificate?.names).toEqual(["DNS:next"]);
  });

  it("follows a volume of Kubernetes, swap after swap", async () => {
    let version = 0;
    const mount = (issued: Issued): void => {
      const name = `..v${++version}`;
      mkdirSync(at(name));
      writeFileSync(at(`${name}/tls.crt`), issued.cert);
      writeFileSync(at(`${name}/tls.key`), issued.key);
      symlinkSync(name, at("..data_tmp"));
      renameSync(at("..data_tmp"), at("..data"));
    };
    mount(pair);
    for (const name of ["tls.crt", "tls.key"]) symlinkSync(`..data/${name}`, at(name));
    const { files } = await loaded();
    for (const name of ["one", "two", "three"]) {
      const next = await root.issue({ names: [`DNS:${name}`] });
      mount(next);
      await expect.poll(() => files.current).toEqual(next);
    }
  });

  it("keeps the pair that works when the new one has ended, and says so once", async () => {
    put(pair);
    const { files, errors } = await loaded();
    put(await root.issue({ names: ["DNS:a"], until: new Date(Date.now() - 1000) }));
    await expect.poll(() => errors.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/cannot use .*tls\.crt and .*: the certificate .* ended at/),
    ]);
    expect(files.current).toEqual(pair);
  });

  it("reads authorities alone, and follows them", async () => {
    writeFileSync(at("ca.crt"), root.ca);
    const files = await tlsFiles({ caFile: at("ca.crt"), debounceMs: 5, pollMs: 30 });
    onTestFinished(() => files.close());
    expect(files.facts.authorities).toHaveLength(1);
    const both = root.ca + (await authority("next")).ca;
    writeFileSync(at("ca.crt"), both);
    await expect.poll(() => files.facts.authorities.length).toBe(2);
    expect(files.current).toEqual({ ca: both });
  });

  it.each<[string, (files: TlsFilesOptions) => TlsFilesOptions, RegExp]>([
    [
      "a file that is not there",
      (files) => ({ ...files, keyFile: `${files.certFile}.none` }),
      /cannot read .*\.none \(ENOENT\)/,
    ],
    ["half a pair", ({ certFile }) => ({ certFile: certFile! }), /one of the two files is missing/],
    [
      "authorities that are none",
      (files) => ({ ...files, caFile: files.keyFile! }),
      /cannot use .*tls\.key: there is no certificate of an authority/,
    ],
  ])("does not start with %s", async (_, change, message) => {
    put(pair);
    await expect(tlsFiles(change({ certFile: at("tls.crt"), keyFile: at("tls.key") }))).rejects.toThrow(message);
  });
});
