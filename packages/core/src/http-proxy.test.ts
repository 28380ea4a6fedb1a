import { describe, expect, it } from "vitest";
import { ExportError } from "./errors.ts";
import { httpProxyOf, proxyRefusal } from "./http-proxy.ts";

describe("httpProxyOf", () => {
  it.each([
    ["http://proxy:3128", { secure: false, host: "proxy", port: 3128, shown: "http://proxy:3128" }],
    ["http://proxy", { secure: false, host: "proxy", port: 80, shown: "http://proxy" }],
    ["https://proxy/", { secure: true, host: "proxy", port: 443, shown: "https://proxy" }],
    [" proxy:3128 ", { secure: false, host: "proxy", port: 3128, shown: "http://proxy:3128" }],
    ["http://[::1]:3128", { secure: false, host: "::1", port: 3128, shown: "http://[::1]:3128" }],
  ])("reads %j", (url, expected) => {
    expect(httpProxyOf(url)).toEqual({ ...expected, authorization: undefined });
    expect(httpProxyOf(new URL(url.includes("://") ? url : `http://${url.trim()}`))).toMatchObject(expected);
  });

  it.each([
    ["http://user:password@proxy", "user:password"],
    ["http://user@proxy", "user:"],
    ["https://us%40er:p%3A%2Fss@proxy:8443", "us@er:p:/ss"],
    ["http://gr%C3%BC%C3%9Fe:100%25@proxy", "grüße:100%"],
    ["http://user:100%@proxy", "user:100%"],
  ])("makes of the user in %j a Proxy-Authorization", (url, credentials) => {
    const { authorization = "", shown } = httpProxyOf(url);
    const bytes = Uint8Array.from(atob(authorization.replace("Basic ", "")), (character) => character.charCodeAt(0));
    expect(new TextDecoder().decode(bytes)).toBe(credentials);
    expect(shown).not.toContain("@");
  });

  it.each([
    "socks5://user:secret@proxy:1080",
    "socks5://user:se@secret/secret@proxy",
    "ftp://user:secret@proxy",
    "",
    "http://",
    "http://user:secret@",
  ])("refuses %j, without showing a password", (url) => {
    expect(() => httpProxyOf(url)).toThrow(ExportError);
    expect(() => httpProxyOf(url)).toThrow(/^(?!.*secret).*http:\/\/host:port/);
  });
});

describe("proxyRefusal", () => {
  it.each([
    [407, "unauthenticated", false],
    [403, "forbidden", false],
    [404, "rejected", false],
    [405, "rejected", false],
    [301, "rejected", false],
    [501, "rejected", false],
    [408, "unavailable", true],
    [429, "overloaded", true],
    [500, "unavailable", true],
    [502, "unavailable", true],
    [503, "unavailable", true],
    [504, "unavailable", true],
  ])("takes %i for %s", (status, code, retryable) => {
    const error = proxyRefusal(httpProxyOf("http://user:secret@proxy:3128"), "otlp.example:443", status);
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toMatch(
      /^(?!.*secret)cannot reach otlp\.example:443 through the proxy http:\/\/proxy:3128: /,
    );
    expect(error.message).toContain(`(${status})`);
  });

  it("tells whether it was asked for credentials or offered wrong ones", () => {
    const refusalOf = (url: string) => proxyRefusal(httpProxyOf(url), "otlp.example:443", 407).message;
    expect(refusalOf("http://proxy")).toContain("asks for credentials");
    expect(refusalOf("http://user:wrong@proxy")).toContain("does not accept our credentials");
  });
});
