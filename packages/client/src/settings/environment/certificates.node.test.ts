import { strangeAuthority, testAuthority, testClient, testServer } from "@otlpkit/testkit/node";
import { describe, expect, it } from "vitest";
import type { EnvironmentOptions } from "../environment-options.ts";
import { fromEnvironment } from "./from-environment.ts";
import type { Environment } from "./variables.ts";

const files: Readonly<Record<string, string>> = {
  "/ca.pem": testAuthority,
  "/other-ca.pem": strangeAuthority,
  "/cert.pem": testClient.cert,
  "/key.pem": testClient.key,
  "/other-key.pem": testServer.key,
  "/broken-key.pem": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
  "/notes.txt": "no certificate",
};

/** What variables of this prefix, and their values, make of `tls`, for each signal. */
function reading(environment: Environment): EnvironmentOptions & { readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const named = Object.entries(environment).map(([name, value]) => [`OTEL_EXPORTER_OTLP_${name}`, value]);
  const found = fromEnvironment(
    Object.fromEntries(named) as Environment,
    (warning) => warnings.push(warning),
    (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
      return new TextEncoder().encode(text);
    },
  );
  return { ...found, warnings };
}

describe("certificates that the environment names", () => {
  it("are read for all signals (I-09, I-10)", () => {
    const { signals, warnings } = reading({
      CERTIFICATE: "/ca.pem",
      CLIENT_CERTIFICATE: "/cert.pem",
      CLIENT_KEY: "/key.pem",
    });
    const tls = { ca: testAuthority, cert: testClient.cert, key: testClient.key };
    expect(Object.values(signals!).map((said) => said.tls)).toEqual([tls, tls, tls, tls]);
    expect(warnings).toEqual([]);
  });

  it("can be others for one signal, each by itself (I-01)", () => {
    const { signals, warnings } = reading({
      CERTIFICATE: "/ca.pem",
      LOGS_CERTIFICATE: "/other-ca.pem",
      TRACES_CLIENT_CERTIFICATE: "/cert.pem",
      CLIENT_KEY: "/key.pem",
    });
    expect(signals!.traces.tls).toEqual({ ca: testAuthority, cert: testClient.cert, key: testClient.key });
    expect(signals!.logs.tls).toEqual({ ca: strangeAuthority });
    // Of no use for the other signals.
    expect(warnings).toEqual([
      "OTEL_EXPORTER_OTLP_CLIENT_KEY is ignored, as a certificate needs its key: set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE too",
    ]);
  });

  it("are none when nothing is said", () => {
    expect(reading({}).signals!.traces.tls).toBeUndefined();
  });

  it.each([
    ["a certificate without its key", { CLIENT_CERTIFICATE: "/cert.pem" }, ["set OTEL_EXPORTER_OTLP_CLIENT_KEY too"]],
    ["a key without its certificate", { CLIENT_KEY: "/key.pem" }, ["set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE too"]],
    [
      "a key that is not there",
      { CLIENT_CERTIFICATE: "/cert.pem", CLIENT_KEY: "/gone.pem" },
      ['CLIENT_KEY="/gone.pem" names a file that cannot be read (ENOENT)', "set OTEL_EXPORTER_OTLP_CLIENT_KEY too"],
    ],
    [
      "a key that is no PEM",
      { CLIENT_CERTIFICATE: "/cert.pem", CLIENT_KEY: "/notes.txt" },
      ['CLIENT_KEY="/notes.txt" names a file that is no PEM', "set OTEL_EXPORTER_OTLP_CLIENT_KEY too"],
    ],
    [
      "the key of another certificate",
      { CLIENT_CERTIFICATE: "/cert.pem", CLIENT_KEY: "/other-key.pem" },
      ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY are ignored, as they are no pair"],
    ],
    [
      "a key that is broken",
      { CLIENT_CERTIFICATE: "/cert.pem", CLIENT_KEY: "/broken-key.pem" },
      ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY are ignored, as they are no pair"],
    ],
  ])("are left out, with a warning, for %s (I-11)", (_case, environment, expected) => {
    const { signals, warnings } = reading({ CERTIFICATE: "/ca.pem", ...environment });
    expect(signals!.metrics.tls).toEqual({ ca: testAuthority });
    expect(warnings).toEqual(expected.map((part) => expect.stringContaining(part)));
  });

  it("trust the system's authorities when their own file cannot be read", () => {
    const { signals, warnings } = reading({ CERTIFICATE: "/gone.pem" });
    expect(signals!.traces.tls).toBeUndefined();
    expect(warnings).toEqual([
      'OTEL_EXPORTER_OTLP_CERTIFICATE="/gone.pem" names a file that cannot be read (ENOENT); it is ignored',
    ]);
  });
});
