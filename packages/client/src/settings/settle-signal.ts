import type { Signal } from "@otlpkit/core";
import type { BufferOptions, ClientOptions, ExportOptions, TlsSettings } from "../options.ts";
import { limitMs, oneOf, within } from "./checked.ts";
import { defined } from "./defined.ts";
import { placeOf } from "./endpoint.ts";
import type { EnvironmentOptions } from "./environment-options.ts";
import { checkedHeaders } from "./headers.ts";
import type { SignalSettings } from "./settings.ts";

type SignalOptions = ExportOptions & BufferOptions & Pick<ClientOptions, "giveUpAfterMs">;

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
  const { endpoints = [], ...found } = environment.signals?.[signal] ?? {};
  const said: SignalOptions = { ...defined(found), ...defined(options), ...defined(forSignal) };

  const { protocol = "http/protobuf", compression = "none", insecure = false } = said;
  oneOf("protocol", protocol, ["grpc", "http/protobuf", "http/json"]);
  if (typeof compression === "string") oneOf("compression", compression, ["none", "gzip", "zstd", "br", "deflate"]);
  const given =
    said.endpoint === undefined ? endpoints : [{ text: said.endpoint, whole: forSignal.endpoint !== undefined }];
  const place = placeOf(options.transport === undefined ? protocol : undefined, given, warn);
  const maxQueueItems = within(1, Infinity, "maxQueueItems", said.maxQueueItems ?? Infinity);
  return {
    ...place,
    protocol,
    insecure,
    headers: { ...found.headers, ...checkedHeaders(options.headers), ...checkedHeaders(forSignal.headers) },
    credentials: said.credentials,
    compression,
    timeoutMs: limitMs("timeoutMs", said.timeoutMs ?? 10_000),
    attemptTimeoutMs:
      said.attemptTimeoutMs === undefined ? undefined : limitMs("attemptTimeoutMs", said.attemptTimeoutMs),
    tls: joined(found.tls, checkedPair(joined(options.tls, forSignal.tls))),
    proxy: checkedProxy(said.proxy ?? environment.proxyFor?.(place.url, insecure)),
    userAgent: said.userAgent,
    maxRequestBytes: within(1, Infinity, "maxRequestBytes", said.maxRequestBytes ?? 4 * mebibyte),
    maxResponseBytes: within(1, Infinity, "maxResponseBytes", said.maxResponseBytes ?? 4 * mebibyte),
    maxBatchItems: Math.min(within(1, Infinity, "maxBatchItems", said.maxBatchItems ?? 8192), maxQueueItems),
    maxAgeMs: within(0, longestTimerMs, "maxAgeMs", said.maxAgeMs ?? maxAgesMs[signal]),
    maxQueueItems,
    giveUpAfterMs: limitMs("giveUpAfterMs", said.giveUpAfterMs ?? 300_000),
  };
}

/** Both, member by member; the very same object if there is one only, by which signals that share it are known. */
function joined(below: TlsSettings | undefined, above: TlsSettings | undefined): TlsSettings | undefined {
  return below === undefined || above === undefined ? (above ?? below) : { ...below, ...above };
}

function checkedPair(tls: TlsSettings | undefined): TlsSettings | undefined {
  if ((tls?.cert === undefined) === (tls?.key === undefined)) return tls;
  throw new RangeError("tls.cert and tls.key need each other; give both or neither");
}

function checkedProxy(proxy: string | false | undefined): string | undefined {
  if (proxy === undefined || proxy === false) return undefined;
  if (/^https?:\/\//i.test(proxy) && URL.canParse(proxy)) return proxy;
  // It may hold a password, so it is not shown.
  throw new RangeError("proxy must be the address of an HTTP proxy, like http://proxy:3128, or false");
}
