import { batchWhole } from "@otlpkit/batcher";
import { gzip } from "@otlpkit/compression";
import { fetchTransport } from "@otlpkit/transport-http/fetch";
import type { Platform } from "./platform.ts";

/** Browsers, Workers, and wherever else there are web standards and no Node. */
export const platform: Platform = {
  facts: { language: "webjs" },
  environment: () => ({}),
  transport({ headers, maxRequestBytes, maxResponseBytes, path, protocol, userAgent }, { leaving }) {
    if (protocol === "grpc") throw new RangeError('the protocol "grpc" needs Node; use "http/protobuf"');
    return fetchTransport({
      headers,
      maxRequestBytes,
      maxResponseBytes,
      ...(leaving === undefined ? {} : { keepalive: leaving }),
      ...(path === undefined ? {} : { paths: { traces: path, metrics: path, logs: path, profiles: path } }),
      ...(userAgent === undefined ? {} : { userAgent }),
    });
  },
  compressor(name) {
    if (name === "gzip") return gzip();
    throw new RangeError(`the compression "${name}" needs Node; use "gzip"`);
  },
  batch: batchWhole,
  // Within what a browser lets outlive a page: 64 KiB in all.
  chunkBytes: 48 * 1024,
  later(run, delayMs) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  hold: () => () => {},
  detached: () => (run) => run(),
  endsAbruptly: true,
  beforeEnd(flush) {
    if (typeof document === "undefined") return () => {};
    // The last event that comes for certain (a tab in the background may be discarded without another), and the one of
    // browsers that leave a page without it.
    const whenHidden = (): void => void (document.visibilityState === "hidden" && flush());
    document.addEventListener("visibilitychange", whenHidden);
    addEventListener("pagehide", flush);
    return () => {
      document.removeEventListener("visibilitychange", whenHidden);
      removeEventListener("pagehide", flush);
    };
  },
};
