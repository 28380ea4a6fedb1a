import { describe, expect, it } from "vitest";
import { proxies } from "./proxies.ts";
import { type Environment, variables } from "./variables.ts";

const warnings: string[] = [];

function proxyFor(endpoint: string, environment: Environment, insecure = false): string | undefined {
  warnings.length = 0;
  return proxies(variables(environment, (warning) => warnings.push(warning)))(endpoint, insecure);
}

const both = { http_proxy: "http://plain:1", https_proxy: "http://tls:2" };

describe("proxies", () => {
  it.each([
    ["http://collector:4318", "http://plain:1"],
    ["https://collector:4318/base", "http://tls:2"],
    ["HTTPS://collector", "http://tls:2"],
    ["collector:4317", "http://tls:2"],
    ["collector", "http://tls:2"],
    ["[fd00::1]:4317", "http://tls:2"],
    ["unix:///run/otlp.sock", undefined],
    ["dns:///collector:4317", undefined],
    ["ipv4:10.0.0.1:4317", undefined],
  ])("are chosen by whether there is TLS: %s goes through %s", (endpoint, proxy) => {
    expect(proxyFor(endpoint, both)).toBe(proxy);
  });

  it("know a gRPC endpoint without TLS by the option", () => {
    expect(proxyFor("collector:4317", both, true)).toBe("http://plain:1");
    expect(proxyFor("https://collector:4317", both, true)).toBe("http://tls:2");
  });

  it("are none when none is named", () => {
    expect(proxyFor("https://collector", {})).toBeUndefined();
    expect(proxyFor("https://collector", { http_proxy: "http://plain:1", https_proxy: "" })).toBeUndefined();
  });

  it("go by the name in lower case before that in upper case", () => {
    const upper = { HTTP_PROXY: "http://upper", HTTPS_PROXY: "http://upper", NO_PROXY: "collector" };
    expect(proxyFor("http://other", upper)).toBe("http://upper");
    expect(proxyFor("https://other", { ...upper, https_proxy: "http://lower" })).toBe("http://lower");
    expect(proxyFor("https://other", { ...upper, https_proxy: "" })).toBe("http://upper");
    expect(proxyFor("https://collector", upper)).toBeUndefined();
    expect(proxyFor("https://collector", { ...upper, no_proxy: "other" })).toBe("http://upper");
  });

  it("are not what a visitor of a CGI program says they are", () => {
    const cgi = { REQUEST_METHOD: "GET", HTTP_PROXY: "http://evil" };
    expect(proxyFor("http://collector", cgi)).toBeUndefined();
    expect(proxyFor("http://collector", { ...cgi, http_proxy: "http://good" })).toBe("http://good");
  });

  it("are HTTP proxies unless they say otherwise, which is warned of without the password", () => {
    expect(proxyFor("http://collector", { http_proxy: "user:secret@proxy:3128" })).toBe(
      "http://user:secret@proxy:3128",
    );
    expect(proxyFor("http://collector", { http_proxy: "https://proxy" })).toBe("https://proxy");
    expect(warnings).toEqual([]);
    for (const wrong of ["socks5://user:secret@proxy", "http://user:secret@pro xy"]) {
      expect(proxyFor("http://collector", { HTTP_PROXY: wrong })).toBeUndefined();
      expect(warnings).toEqual([
        "HTTP_PROXY is not the address of an HTTP proxy, like http://proxy:3128; it is ignored",
      ]);
    }
  });

  it.each([
    "localhost",
    "api.localhost",
    "localhost.",
    "127.0.0.1",
    "127.8.9.10",
    "[::1]",
    "0.0.0.0",
    "[::]",
    "0x7f.1",
  ])("do not stand between us and our own machine, %s", (host) => {
    expect(proxyFor(`http://${host}:4318`, both)).toBeUndefined();
  });

  it.each(["127.0.0.1.example", "notlocalhost", "localhost.example", "128.0.0.1", "[fe80::1]"])(
    "stand between us and %s, which is not our own machine",
    (host) => {
      expect(proxyFor(`http://${host}:4318`, both)).toBe("http://plain:1");
    },
  );
});

describe("NO_PROXY", () => {
  it.each([
    ["*", "https://anything"],
    ["example.com", "https://example.com"],
    ["example.com", "https://a.b.example.com"],
    [".example.com", "https://example.com"],
    [".example.com", "https://a.example.com"],
    ["*.example.com", "https://a.example.com"],
    ["EXAMPLE.com", "https://Example.COM"],
    ["example.com", "https://example.com."],
    ["example.com:443", "https://example.com"],
    ["example.com:80", "http://example.com"],
    ["example.com:4318", "http://example.com:4318"],
    ["a, example.com ,b", "https://example.com"],
    ["a example.com", "https://example.com"],
    ["a,,b", "https://b"],
    ["bücher.example", "https://bücher.example"],
    ["10.1.2.3", "http://10.1.2.3:4318"],
    ["10.1.2.3:4318", "http://10.1.2.3:4318"],
    ["10.0.0.0/8", "http://10.255.2.3:4318"],
    ["0.0.0.0/0", "http://9.9.9.9"],
    ["fd00::1", "http://[fd00:0:0::1]:4318"],
    ["[fd00::1]", "http://[fd00::1]:4318"],
    ["[fd00::1]:4318", "http://[fd00::1]:4318"],
    ["fd00::/8", "http://[fdab::1]"],
    ["example.com", "example.com:4317"],
  ])("%s lets %s be reached directly", (list, endpoint) => {
    expect(proxyFor(endpoint, { ...both, NO_PROXY: list })).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it.each([
    ["example.com", "https://notexample.com"],
    ["example.com", "https://example.com.evil"],
    ["a.example.com", "https://example.com"],
    ["example.com:4318", "https://example.com"],
    ["example.com:443", "https://example.com:8443"],
    ["10.0.0.0/8", "http://11.0.0.1"],
    ["10.0.0.0/8", "http://ten.example"],
    ["10.0.0.0/8", "http://[fd00::1]"],
    ["fd00::/8", "http://10.0.0.1"],
    ["fd00::1", "http://[fd00::2]"],
    ["[fd00::1]:80", "http://[fd00::1]:81"],
    ["", "https://example.com"],
    [",", "https://example.com"],
  ])("%j does not let %s be reached directly", (list, endpoint) => {
    expect(proxyFor(endpoint, { ...both, NO_PROXY: list })).toMatch(/^http:\/\/(?:plain:1|tls:2)$/);
    expect(warnings).toEqual([]);
  });

  it.each(["10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "fd00::/x", "example.com/24"])(
    "warns of %s, which is no range",
    (entry) => {
      expect(proxyFor("https://c", { ...both, no_proxy: `${entry},c` })).toBeUndefined();
      expect(warnings).toEqual([`no_proxy has the entry "${entry}", which is not a range of addresses`]);
    },
  );
});
