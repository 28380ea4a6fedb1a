import { describe, expect, it } from "vitest";
import { callerCertificate } from "./caller-certificate.ts";

const read = (subjectAltName: string | undefined) =>
  callerCertificate({ subjectAltName, fingerprint256: "AB:CD", validTo: "Nov 28 12:00:00 2026 GMT" });

describe("callerCertificate", () => {
  it("tells names of kind URI and DNS apart, and when the certificate ends", () => {
    expect(read("DNS:a.example, IP Address:127.0.0.1, URI:spiffe://x/shop, DNS:b.example, email:a@b")).toEqual({
      uris: ["spiffe://x/shop"],
      dnsNames: ["a.example", "b.example"],
      fingerprint256: "AB:CD",
      notAfterMs: Date.UTC(2026, 10, 28, 12),
    });
  });

  it("reads nothing into a certificate without names", () => {
    expect(read(undefined)).toMatchObject({ uris: [], dnsNames: [] });
    expect(read("")).toMatchObject({ uris: [], dnsNames: [] });
  });

  it("is not fooled by a name that holds what looks like another", () => {
    // As Node writes such names since CVE-2021-44532.
    expect(read('URI:"http://evil/, DNS:a.example", DNS:b.example')).toMatchObject({
      uris: ["http://evil/, DNS:a.example"],
      dnsNames: ["b.example"],
    });
    expect(read('DNS:"good.example\\"", DNS:b')).toMatchObject({ dnsNames: ['good.example"', "b"] });
    expect(read('DNS:"broken')).toMatchObject({ dnsNames: [] });
  });
});
