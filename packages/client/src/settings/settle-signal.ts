import type { Signal } from "@otlpkit/core";
import type { BufferOptions, ClientOptions, ExportOptions, TlsSettings } from "../options.ts";
import { oneOf, within } from "./checked.ts";
import { defined } from "./defined.ts";
import type { EnvironmentOptions, Place } from "./environment-options.ts";
import type { Headers } from "./headers.ts";
import type { SignalSettings } from "./settings.ts";

type SignalOptions = ExportOptions & BufferOptions & Pick<ClientOptions, "giveUpAfterMs">;

type NumberOption = Extract<keyof SignalOptions, `max${string}` | `${string}Ms`>;

const mebibyte = 1024 * 1024;

// A timer that is set for longer goes off at once.
const longestTimerMs = 2 ** 31 - 1;

/** Recorded items wait so long for company. Metrics come collected. */
const maxAgesMs: Readonly<Record<Signal, number>> = { traces: 5000, metrics: 0, logs: 1000, profiles: 0 };

/** Everything about one signal. See {@link settle}. */
export function settleSignal(
  signal: Signal,
  options: ClientOptions,
  environment: EnvironmentOptions,
  warn: (warning: string) => void,
): SignalSettings {
  const forSignal: SignalOptions = (signal === "profiles" ? undefined : options[signal]) ?? {};
  const found = environment.signals?.[signal] ?? {};
  const said: SignalOptions = { ...defined(found), ...defined(options), ...defined(forSignal) };

  /** A number of at least `min`. */
  function number(name: NumberOption, min: number, otherwise: number, max = Infinity): number {
    return within(min, max, name, said[name] ?? otherwise);
  }

  const { protocol = "http/protobuf", compression = "none", insecure = false } = said;
  oneOf("protocol", protocol, ["grpc", "http/protobuf", "http/json"]);
  if (typeof compression === "string") oneOf("compression", compression, ["none", "gzip", "zstd", "br", "deflate"]);
  const place: Place | undefined =
    said.endpoint === undefined
      ? environment.placeFor?.(signal, options.transport === undefined ? protocol : undefined)
      : { url: said.endpoint, path: forSignal.endpoint === undefined ? undefined : "" };
  const { url, path } = place ?? { url: `http://localhost:${protocol === "grpc" ? 4317 : 4318}`, path: undefined };
  const tls = joined(found.tls, joined(options.tls, forSignal.tls));
  if (!tls?.cert !== !tls?.key) throw new RangeError("tls.cert and tls.key need each other; give both or neither");
  const maxQueueItems = number("maxQueueItems", 1, Infinity);
  const maxBatchItems = number("maxBatchItems", 1, 8192);
  if (said.maxBatchItems !== undefined && maxBatchItems > maxQueueItems) {
    warn(`maxBatchItems ${maxBatchItems} is more than maxQueueItems ${maxQueueItems}, which counts`);
  }
  return {
    url,
    path,
    protocol,
    insecure,
    headers: { ...found.headers, ...lowerCase(options.headers), ...lowerCase(forSignal.headers) },
    credentials: said.credentials,
    allowCleartext: said.allowCleartext ?? false,
    compression,
    // Of times to give up, 0 is none.
    timeoutMs: number("timeoutMs", 0, 10_000) || Infinity,
    attemptTimeoutMs: said.attemptTimeoutMs === undefined ? undefined : number("attemptTimeoutMs", 0, 0) || Infinity,
    giveUpAfterMs: number("giveUpAfterMs", 0, 300_000) || Infinity,
    tls,
    proxy: said.proxy === false ? undefined : (said.proxy ?? environment.proxyFor?.(url, insecure)),
    userAgent: said.userAgent,
    maxRequestBytes: number("maxRequestBytes", 1, 4 * mebibyte),
    maxResponseBytes: number("maxResponseBytes", 1, 4 * mebibyte),
    maxBatchItems: Math.min(maxBatchItems, maxQueueItems),
    maxAgeMs: number("maxAgeMs", 0, maxAgesMs[signal], longestTimerMs),
    maxQueueItems,
  };
}

/** Names in lower case, so that what is said later replaces what was said before. */
function lowerCase(headers: Headers = {}): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Both, member by member; the very same object if there is one only, by which signals that share it are known. */
function joined(below: TlsSettings | undefined, above: TlsSettings | undefined): TlsSettings | undefined {
  return below === undefined || above === undefined ? (above ?? below) : { ...below, ...above };
}
