import type { IncomingMessage, ServerResponse } from "node:http";

/** Which pages may send telemetry from a browser. */
export interface CorsOptions {
  /** Origins that may: "https://shop.example", "https://*.example.com", or "*" for all. */
  readonly allowedOrigins: readonly string[];
  /** Request headers allowed besides `content-type` and `content-encoding`; "*" allows any. Default none. */
  readonly allowedHeaders?: readonly string[];
  /** How long a browser may remember the answer to a preflight, in seconds. Default 7,200, as long as Chromium will. */
  readonly maxAgeSeconds?: number;
}

/** Cross-origin answers (K-07). Credentials are never allowed: OTLP has no use for cookies. */
export interface Cors {
  /** Puts the headers on any answer, errors included, so that a page can read why it was refused. */
  decorate(request: IncomingMessage, response: ServerResponse): void;
  /** Answers a preflight; false when this is none. */
  preflight(request: IncomingMessage, response: ServerResponse): boolean;
}

export function corsOf(options: CorsOptions): Cors {
  const { allowedOrigins, allowedHeaders = [], maxAgeSeconds = 7_200 } = options;
  const anyOrigin = allowedOrigins.includes("*");
  const patterns = allowedOrigins.map(patternOf);
  const anyHeader = allowedHeaders.includes("*");
  const listedHeaders = ["content-type", "content-encoding", ...allowedHeaders].join(", ").toLowerCase();

  const allowed = (origin: string | undefined): origin is string =>
    origin !== undefined && (anyOrigin || patterns.some((pattern) => pattern.test(origin)));

  return {
    decorate(request, response) {
      const { origin } = request.headers;
      if (!anyOrigin) response.setHeader("vary", "origin");
      if (!allowed(origin)) return;
      response.setHeader("access-control-allow-origin", anyOrigin ? "*" : origin);
      // Without this a page cannot read when to come back.
      response.setHeader("access-control-expose-headers", "retry-after");
    },
    preflight(request, response) {
      const { origin, "access-control-request-headers": asked } = request.headers;
      if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return false;
      if (allowed(origin)) {
        response.setHeader("access-control-allow-methods", "POST");
        response.setHeader("access-control-allow-headers", anyHeader && asked !== undefined ? asked : listedHeaders);
        response.setHeader("access-control-max-age", String(maxAgeSeconds));
      }
      response.writeHead(204);
      response.end();
      return true;
    },
  };
}

/** A star stands for any part of a host name, not for a scheme or a port. */
function patternOf(origin: string): RegExp {
  const parts = origin.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join("[^/:@]+")}$`, "i");
}
