import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testAuthority, testClient } from "@otlpkit/testkit/node";
import { afterAll, describe, expect, it } from "vitest";
import { readClientTls } from "./tls.ts";

const folder = mkdtempSync(join(tmpdir(), "otlpkit-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const off = { insecure: false, insecure_skip_verify: false } as Parameters<typeof readClientTls>[0];

describe("tls", () => {
  it("reads authorities, certificate and key", () => {
    const config = {
      ...off,
      ca_file: file("ca.pem", testAuthority),
      cert_file: file("cert.pem", testClient.cert),
      key_file: file("key.pem", testClient.key),
    };
    expect(readClientTls(config)).toEqual({
      ca: testAuthority,
      cert: testClient.cert,
      key: testClient.key,
      insecureSkipVerify: false,
    });
  });

  it("names the file and the key when a file is no PEM", () => {
    const der = file("ca.der", new Uint8Array([0x30, 0x82, 1, 2]));
    expect(() => readClientTls({ ...off, ca_file: der })).toThrow(/tls\.ca_file: .*ca\.der is not PEM/);
  });

  it("names the file and the key when a file is not there", () => {
    const missing = join(folder, "missing.pem");
    expect(() => readClientTls({ ...off, ca_file: missing })).toThrow(
      /tls\.ca_file: cannot read .*missing\.pem \(ENOENT\)/,
    );
  });

  it("asks for the other half of a certificate without its key", () => {
    const cert = file("alone.pem", testClient.cert);
    expect(() => readClientTls({ ...off, cert_file: cert })).toThrow(/cert_file and key_file belong together/);
  });
});
