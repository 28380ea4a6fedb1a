import { batch } from "@otlpkit/batcher";
import type { Transport } from "@otlpkit/core";
import { brotli, deflate, gzip, zstd } from "@otlpkit/compression";
import { httpTransport } from "@otlpkit/transport-http";
import type { TlsSettings } from "../options.ts";
import { fromEnvironment } from "../settings/environment/from-environment.ts";
import type { SignalSettings } from "../settings/settings.ts";
import { lazyTransport } from "./lazy-transport.ts";
import type { Platform } from "./platform.ts";

const codings = { gzip: () => gzip(), zstd: () => zstd(), br: () => brotli(), deflate: () => deflate() };

/** Node, and what behaves like it: Bun, Deno. */
export const platform: Platform = {
  get facts() {
    return { language: "nodejs", executable: process.argv0.replace(/^.*[/\\]/, "") };
  },
  environment: (given, warn) => fromEnvironment(given ?? process.env, warn, readFile),
  transport: (settings, { onWarning }) => (settings.protocol === "grpc" ? grpc(settings, onWarning) : http(settings)),
  compressor: (name) => codings[name](),
  batch,
  chunkBytes: 256 * 1024,
  later(run, delayMs) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
  hold() {
    const timer = setInterval(() => {}, 2 ** 31 - 1);
    return () => clearInterval(timer);
  },
  detached: () => process.getBuiltinModule("node:async_hooks").AsyncLocalStorage.snapshot(),
  endsAbruptly: false,
  beforeEnd(flush) {
    moreListeners(1);
    process.on("beforeExit", flush);
    return () => {
      process.off("beforeExit", flush);
      moreListeners(-1);
    };
  },
};

/** Each client listens once, and a program with a dozen of them leaks nothing. 0 means that nobody counts. */
function moreListeners(more: number): void {
  const most = process.getMaxListeners();
  if (most > 0) process.setMaxListeners(most + more);
}

function readFile(path: string): Uint8Array {
  return process.getBuiltinModule("node:fs").readFileSync(path);
}

function http(settings: SignalSettings): Transport {
  const { headers, maxRequestBytes, maxResponseBytes, path, proxy, tls, userAgent } = settings;
  return httpTransport({
    headers,
    maxRequestBytes,
    maxResponseBytes,
    compressors: [gzip()],
    ...(path === undefined ? {} : { paths: { traces: path, metrics: path, logs: path, profiles: path } }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(tls === undefined ? {} : { tls }),
    ...(userAgent === undefined ? {} : { userAgent }),
  });
}

function grpc(settings: SignalSettings, onWarning: (warning: string) => void): Transport {
  const { headers, insecure, maxRequestBytes, maxResponseBytes, proxy, tls, userAgent } = settings;
  return lazyTransport("grpc", async () => {
    const { grpcTransport } = await import("@otlpkit/transport-grpc");
    return grpcTransport({
      headers,
      insecure,
      maxRequestBytes,
      maxResponseBytes,
      compressors: [gzip()],
      onWarning,
      ...(proxy === undefined ? {} : { proxy }),
      ...(tls === undefined ? {} : { tls: buffers(tls) }),
      ...(userAgent === undefined ? {} : { userAgent }),
    });
  });
}

/** Certificates as `node:tls` takes them. */
function buffers({ ca, cert, key, ...rest }: TlsSettings) {
  const pem = (part: string | Uint8Array): string | Buffer => (typeof part === "string" ? part : Buffer.from(part));
  return {
    ...rest,
    ...(ca === undefined ? {} : { ca: pem(ca) }),
    ...(cert === undefined ? {} : { cert: pem(cert) }),
    ...(key === undefined ? {} : { key: pem(key) }),
  };
}
