import { type ByteBudget, byteBudget, ExportError, type Sender, type Transport } from "@otlpkit/core";
import { otlpSender } from "../otlp-sender.ts";
import { type Headers, ownHeaders } from "../request-headers.ts";
import { type SignalPaths, targetOf } from "../request-url.ts";
import { userAgentOf } from "../user-agent.ts";
import { fetchPoster } from "./fetch-poster.ts";

/** Options of {@link fetchTransport}. */
export interface FetchTransportOptions {
  /** Sent with every request; those that describe the body are the transport's own. In a page they need CORS consent. */
  readonly headers?: Headers;
  /**
   * A product to name in a `User-Agent` in front of our own (J-02). Default: no such header is set, because browsers have
   * one and setting it would need the consent of CORS. Set this in Workers, Deno and Bun, to "" for our own name alone.
   */
  readonly userAgent?: string;
  /** The path of each signal, as in `httpTransport`. */
  readonly paths?: SignalPaths;
  /** The largest body to send, before compression where that is known. Default 64 MiB (C-09). */
  readonly maxRequestBytes?: number;
  /** The largest answer to read, as decompressed by the platform. Default 4 MiB (C-11). */
  readonly maxResponseBytes?: number;
  /**
   * Let small requests outlive the page that sends them, within what browsers allow: 64 KiB at a time for the whole page,
   * of which we take 60, and nine requests. What does not fit is sent as any other request. A page with several transports
   * gives all of them one `byteBudget(60 * 1024)`. Default true: a budget of its own.
   */
  readonly keepalive?: boolean | ByteBudget;
  /**
   * What makes requests. Default: the platform's `fetch`, looked up at each request, since tools like to replace it. One that
   * OpenTelemetry's instrumentations have replaced is passed by, or every export would be a span of its own.
   */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * OTLP over HTTP for browsers, Workers, Deno and Bun: web standards only. The same answers as `httpTransport`, which is
 * far cheaper where there is Node.
 *
 * One attempt per `send`; put `retry()` in front.
 */
export function fetchTransport(options: FetchTransportOptions = {}): Transport {
  const { maxRequestBytes = 64 * 1024 * 1024, maxResponseBytes = 4 * 1024 * 1024, keepalive = true } = options;
  const kept = keepalive === true ? byteBudget(60 * 1024) : keepalive === false ? undefined : keepalive;
  return {
    name: "http",
    connect(endpoint): Sender {
      const { urls, socketPath } = targetOf(endpoint, options.paths);
      if (socketPath !== undefined) {
        throw new ExportError(
          "unsupported",
          `fetch cannot reach the socket "${socketPath}"; use httpTransport for unix:`,
        );
      }
      const headers = {
        ...ownHeaders(options.headers ?? {}),
        ...(options.userAgent === undefined ? {} : { "user-agent": userAgentOf(options.userAgent) }),
      };
      const fetch: typeof globalThis.fetch = options.fetch ?? ((url, init) => untracedFetch()(url, init));
      return otlpSender({ urls, headers, maxRequestBytes }, fetchPoster(fetch, { maxResponseBytes, keepalive: kept }));
    },
  };
}

type Instrumented = typeof globalThis.fetch & { readonly __original?: Instrumented };

/** The platform's own `fetch`: instrumentations keep what they replace in a member of this name. */
const replaced = "__original";

function untracedFetch(): typeof globalThis.fetch {
  let fetch: Instrumented = globalThis.fetch;
  for (let inner = fetch[replaced]; inner !== undefined; inner = fetch[replaced]) fetch = inner;
  return fetch;
}
