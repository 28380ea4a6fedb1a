import { diag } from "@opentelemetry/api";
import type { RecordedLog } from "@otlpkit/otlp";
import type { FlushOptions, FlushReport, OtlpClient } from "../../otlp-client.ts";
import type { Resource } from "../../resource.ts";
import { warner } from "../../warner.ts";
import { attributeIdentity } from "../metrics/attribute-identity.ts";
import { spanClock } from "../trace/span-clock.ts";
import { type LogRecordLimits, logRecordLimits } from "./log-record-limits.ts";
import { logger } from "./logger.ts";
import type { Logger, LoggerOptions, LoggerProvider } from "./logs-api.ts";

/** What a logger provider needs of a client. */
export type LogClient = Pick<OtlpClient, "resource" | "recordLog" | "flush" | "close">;

/** How log records are made. Only `client` is needed. */
export interface LoggerProviderOptions {
  /** Carries the records away. */
  readonly client: LogClient;
  /** Whose records they are. Default: the resource of the client. */
  readonly resource?: Resource;
  /** How much a record may hold. */
  readonly limits?: LogRecordLimits;
  /** For tests. The wall clock, ms since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** For tests. A clock that only goes forward, ms. Default `performance.now`. */
  readonly monotonic?: () => number;
}

/** Gives out loggers, as `LoggerProvider` of the OpenTelemetry API 1.10 and of `@opentelemetry/api-logs`. */
export interface ClientLoggerProvider extends LoggerProvider {
  /** Sends what has been said and waits for the answers: `flush` of the client. Never rejects. */
  forceFlush(options?: FlushOptions): Promise<FlushReport>;
  /** Takes nothing more, sends what has been said, then closes the client. Never rejects. */
  shutdown(options?: FlushOptions): Promise<FlushReport>;
}

/**
 * Makes loggers of the OpenTelemetry API for programs without the SDK. A record is encoded at once, so nothing of it is
 * kept but the bytes.
 *
 * ```ts
 * const client = createClient();
 * registerGlobals({ loggerProvider: loggerProvider({ client }) });
 * ```
 *
 * @throws RangeError for limits that are no numbers.
 */
export function loggerProvider(options: LoggerProviderOptions): ClientLoggerProvider {
  const { client, resource = client.resource, now = Date.now, monotonic = () => performance.now() } = options;
  const warn = warner((warning) => diag.warn(warning));
  const loggers = new Map<string, Logger>();
  let open = true;
  const shared = {
    resource,
    limits: logRecordLimits(options.limits),
    clock: spanClock({ now, monotonic }),
    isOpen: () => open,
    record: (log: RecordedLog) => client.recordLog(log),
    warn,
  };

  return {
    getLogger(name: string, version?: string, loggerOptions: LoggerOptions = {}): Logger {
      const { schemaUrl, scopeAttributes, attributes = scopeAttributes, includeTraceContext = true } = loggerOptions;
      if (!name) warn("a logger without a name was asked for; give it that of your package");
      const key = attributeIdentity({ name, version, schemaUrl, attributes, includeTraceContext });
      const known = loggers.get(key);
      if (known !== undefined) return known;
      const made = logger({
        ...shared,
        scope: { name: name || "", version, schemaUrl, attributes },
        includeTraceContext,
      });
      loggers.set(key, made);
      return made;
    },
    forceFlush: (flushOptions) => client.flush(flushOptions),
    shutdown(flushOptions) {
      open = false;
      return client.close(flushOptions);
    },
  };
}
