import { ExportError } from "@otlpkit/core";
import { describe, expect, it } from "vitest";
import type { ClientOptions } from "../options.ts";
import { requireUsable } from "./require-usable.ts";
import { settle } from "./settle.ts";

function refusal(options: ClientOptions): unknown {
  try {
    requireUsable(settle(options, {}, { language: "nodejs" }, () => {}).signals.traces);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("requireUsable", () => {
  it.each([
    {},
    { endpoint: "https://otlp.example/base?key=x" },
    { endpoint: "unix:///run/otlp.sock" },
    { endpoint: "collector:4317", protocol: "grpc" },
    { endpoint: "[::1]:4317", protocol: "grpc" },
    { endpoint: "dns:///collector:4317", protocol: "grpc" },
    { headers: { Authorization: "Bearer a.b-c", "x-tenant": "", "x-name": "é" } },
    { proxy: "http://user:password@proxy:3128" },
    { proxy: false },
  ] satisfies ClientOptions[])("has nothing against %j", (options) => {
    expect(refusal(options)).toBeUndefined();
  });

  it.each([
    [{ endpoint: "collector:4318" }, 'http/protobuf cannot reach the endpoint "collector:4318"; use http://host:port'],
    [{ endpoint: "" }, 'http/protobuf cannot reach the endpoint ""'],
    [{ endpoint: "http://" }, 'cannot reach the endpoint "http://"'],
    [
      { endpoint: "ftp://u:secret@h/x?secret", protocol: "grpc" },
      'grpc cannot reach the endpoint "ftp://h/x"; use host:port',
    ],
  ] satisfies [ClientOptions, string][])("refuses the endpoint of %j", (options, message) => {
    const error = refusal(options);
    expect(ExportError.is(error) && error.code).toBe("unsupported");
    expect((error as Error).message).toContain(message);
  });

  it.each([
    [{ "two words": "x" }, '"two words" is not the name of a header'],
    [{ "": "x" }, '"" is not the name of a header'],
    [{ a: "secret\n" }, 'the value of "a" is not a text that a header can have'],
    [{ a: "secret€" }, 'the value of "a" is not a text that a header can have'],
    [{ a: undefined as unknown as string }, 'the value of "a" is not a text'],
  ])("refuses the headers %j, without showing values", (headers, message) => {
    const error = refusal({ protocol: "grpc", traces: { headers } });
    expect(ExportError.is(error) && error.code).toBe("rejected");
    expect((error as Error).message).toContain(`cannot send headers: ${message}`);
    expect((error as Error).message).not.toContain("secret");
  });

  it("refuses what is no HTTP proxy, without showing its password", () => {
    for (const proxy of ["socks5://u:secret@proxy", "proxy:3128", "http://u:secret@pro xy", ""]) {
      expect(refusal({ proxy }), proxy).toEqual(
        new RangeError("proxy must be the address of an HTTP proxy, like http://proxy:3128, or false"),
      );
    }
  });
});
