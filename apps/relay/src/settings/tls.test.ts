import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strangeAuthority, testAuthority, testClient } from "@otlpkit/testkit/node";
import { afterAll, describe, expect, it } from "vitest";
import { log, metrics } from "@otlpkit/telemetry";
import { noAudit } from "./audit.ts";
import { readClientTls } from "./tls.ts";

const folder = mkdtempSync(join(tmpdir(), "otlpkit-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const cleanUp: (() => void)[] = [];
afterAll(() => cleanUp.forEach((letGo) => letGo()));
const context = {
  id: "otlp",
  log: log({ write: () => undefined }),
  metrics: metrics(),
  audit: noAudit,
  atEnd: (letGo: () => void) => void cleanUp.push(letGo),
};
const read = (config: Parameters<typeof readClientTls>[0]) => readClientTls(config, context);

const off = { insecure: false, insecure_skip_verify: false } as Parameters<typeof readClientTls>[0];

describe("tls", () => {
  it("reads authorities, certificate and key, and follows their files", async () => {
    const config = {
      ...off,
      ca_file: file("ca.pem", testAuthority),
      cert_file: file("cert.pem", testClient.cert),
      key_file: file("key.pem", testClient.key),
      reload_interval: 20,
    };
    const tls = await read(config);
    expect(tls.current).toMatchObject({
      ca: testAuthority,
      cert: testClient.cert,
      key: testClient.key,
      insecureSkipVerify: false,
      minVersion: "TLSv1.2",
    });
    file("ca.pem", testAuthority + strangeAuthority);
    await expect.poll(() => tls.current.ca).toBe(testAuthority + strangeAuthority);
    expect(context.metrics.sum("otlpkit_tls_certificate_not_after_timestamp_seconds")).toBeGreaterThan(4e9);
    expect(context.metrics.sum("otlpkit_tls_reloads", { result: "success" })).toBe(2);
  });

  it.each<[string, () => Parameters<typeof readClientTls>[0], RegExp]>([
    [
      "a file that is no PEM",
      () => ({ ...off, ca_file: file("ca.der", new Uint8Array([0x30, 0x82, 1, 2])) }),
      /tls: cannot use .*ca\.der: there is no certificate of an authority in PEM/,
    ],
    [
      "a file that is not there",
      () => ({ ...off, ca_file: join(folder, "missing.pem") }),
      /tls: cannot read .*missing\.pem \(ENOENT\)/,
    ],
    [
      "a certificate without its key",
      () => ({ ...off, cert_file: file("alone.pem", testClient.cert) }),
      /cert_file and key_file belong together/,
    ],
    ["rules that contradict each other", () => ({ ...off, min_version: "1.3", max_version: "1.2" }), /tls: .*exchange/],
    ["suites of one version only", () => ({ ...off, cipher_suites: ["AES256-SHA256"] }), /tls: .*TLS 1\.3 on/],
    ["a pin that is none", () => ({ ...off, pins: ["abc"] }), /tls\.pins: .*32 bytes/],
  ])("says what is wrong with %s", async (_, config, message) => {
    await expect(read(config())).rejects.toThrow(message);
  });
});
