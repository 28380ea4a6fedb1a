// Options made with @grpc/grpc-js, as programs have them that come from the official exporters.
import { createRequire } from "node:module";
import { type Backend, grpcBackend, testAuthority } from "@otlpkit/testkit/node";
import { afterEach, describe, expect, it } from "vitest";
import { OTLPTraceExporter, type OTLPGRPCExporterConfigNode } from "./index.ts";

interface GrpcJs {
  readonly credentials: {
    createInsecure(): Channel;
    createSsl(root?: Buffer | null, key?: null, chain?: null, verify?: { rejectUnauthorized: boolean }): Channel;
    createFromMetadataGenerator(generate: (of: { service_url: string }, done: Done) => void): object;
    combineChannelCredentials(channel: Channel, call: object): Channel;
  };
  readonly Metadata: new () => Metadata;
}
type Channel = Extract<OTLPGRPCExporterConfigNode["credentials"], { _isSecure(): boolean }>;
type Metadata = NonNullable<OTLPGRPCExporterConfigNode["metadata"]> & {
  set(name: string, value: string | Buffer): void;
  add(name: string, value: string): void;
};
type Done = (error: Error | null, metadata: Metadata) => void;

// The one that the tests of the SDK have.
const { credentials, Metadata } = createRequire(new URL("../../../tools/otel-gen2/package.json", import.meta.url))(
  "@grpc/grpc-js",
) as GrpcJs;

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of cleanUp.splice(0).toReversed()) await close();
});

async function listening(tls = false): Promise<Backend> {
  const backend = await grpcBackend({ tls });
  cleanUp.push(() => backend.close());
  return backend;
}

function exported(config: OTLPGRPCExporterConfigNode): Promise<{ readonly code: number; readonly error?: Error }> {
  const exporter = new OTLPTraceExporter({ environment: false, timeoutMillis: 3000, ...config });
  cleanUp.push(() => exporter.shutdown().catch(() => {}));
  return new Promise((resolve) => exporter.export([span], resolve));
}

const span = {
  name: "checkout",
  kind: 0,
  spanContext: () => ({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 }),
  startTime: [1_700_000_000, 0],
  endTime: [1_700_000_001, 0],
  status: { code: 0 },
  attributes: {},
  links: [],
  events: [],
  resource: { attributes: {} },
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
} as const;

describe("an exporter that is given objects of grpc-js", () => {
  it("sends metadata, several values and bytes too, under headers of its own", async () => {
    const { url, requests } = await listening();
    const metadata = new Metadata();
    metadata.set("x-tenant", "shop");
    metadata.add("x-list", "one");
    metadata.add("x-list", "two");
    metadata.set("x-id-bin", Buffer.from("bytes"));
    metadata.set("x-who", "metadata");
    expect(await exported({ url, metadata, headers: { "x-who": "headers" } })).toEqual({ code: 0 });
    expect(requests[0]?.headers).toMatchObject({
      "x-tenant": "shop",
      "x-list": "one,two",
      "x-id-bin": Buffer.from("bytes").toString("base64"),
      "x-who": "headers",
    });
  });

  it("goes without TLS when the credentials say so, whatever the scheme", async () => {
    const { port } = await listening();
    const insecure = credentials.createInsecure();
    expect(await exported({ url: `localhost:${port}`, credentials: insecure })).toEqual({ code: 0 });
    expect(await exported({ url: `https://localhost:${port}`, credentials: insecure })).toEqual({ code: 0 });
  });

  it("uses TLS when the credentials say so, with certificates of its own options", async () => {
    const { port } = await listening(true);
    const tls = { ca: testAuthority };
    const secure = credentials.createSsl();
    expect(await exported({ url: `http://localhost:${port}`, credentials: secure, tls })).toEqual({ code: 0 });
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost:${port}` };
    expect(await exported({ environment, credentials: secure, tls })).toEqual({ code: 0 });
  });

  it("says what to do when the certificates inside the credentials would have been needed", async () => {
    const { port } = await listening(true);
    const secure = credentials.createSsl(Buffer.from(testAuthority));
    const result = await exported({ url: `https://localhost:${port}`, credentials: secure, timeoutMillis: 300 });
    expect(result.code).toBe(1);
    expect(result.error?.message).toContain("tls.ca");
  });

  it("does not check certificates that the credentials do not ask to be checked", async () => {
    const { port } = await listening(true);
    const trusting = credentials.createSsl(null, null, null, { rejectUnauthorized: false });
    expect(await exported({ url: `localhost:${port}`, credentials: trusting })).toEqual({ code: 0 });
  });

  it("asks call credentials for headers, at each attempt", async () => {
    const { port, requests, ...backend } = await listening(true);
    backend.script({ kind: "refuse", grpcStatus: 14 }, { kind: "ok" });
    let asked = 0;
    const call = credentials.createFromMetadataGenerator(({ service_url }, done) => {
      const metadata = new Metadata();
      metadata.set("authorization", `Bearer ${++asked}`);
      metadata.set("x-for", service_url);
      done(null, metadata);
    });
    const result = await exported({
      url: `localhost:${port}`,
      credentials: credentials.combineChannelCredentials(credentials.createSsl(), call),
      tls: { ca: testAuthority },
      retry: { initialDelayMs: 1 },
    });
    expect(result).toEqual({ code: 0 });
    expect(requests.map(({ headers }) => headers["authorization"])).toEqual(["Bearer 1", "Bearer 2"]);
    expect(requests[0]?.headers["x-for"]).toContain(`localhost:${port}`);
  });

  it("takes a provider of ours as well", async () => {
    const { url, requests } = await listening();
    const provider = { headers: async () => ({ authorization: "Bearer ours" }) };
    expect(await exported({ url, credentials: provider })).toEqual({ code: 0 });
    expect(requests[0]?.headers["authorization"]).toBe("Bearer ours");
  });
});
