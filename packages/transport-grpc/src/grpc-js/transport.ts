import type { Client, Metadata, ServiceError } from "@grpc/grpc-js";
import {
  type Ack,
  accepted,
  type Batch,
  type Endpoint,
  ExportError,
  type Sender,
  type SendOptions,
  signals,
  type Transport,
} from "@otlpkit/core";
import { errorOf, grpcCode } from "@otlpkit/otlp/replies";
import { ackFrom, statusFrom } from "../answer.ts";
import { metadataOf } from "../metadata.ts";
import { filled, type FilledOptions, type GrpcTransportOptions } from "../options.ts";
import { refusedBeforeSending } from "../refused.ts";
import { type Target, targetOf } from "../target.ts";
import { secureContext } from "../tls.ts";
import { channel, sendable } from "./channel.ts";
import { type GrpcJs, loadGrpcJs } from "./load.ts";

/**
 * OTLP/gRPC over `@grpc/grpc-js`, for those who rely on its ways (xDS, proxies, tracing). Takes the same options as
 * `grpcTransport`; what it cannot do is listed in the README.
 *
 * @throws RangeError when an option makes no sense, ExportError "unsupported" for a proxy; `connect` throws ExportError
 * "unsupported" for an endpoint that is no gRPC target and "rejected" for certificates that cannot be used; `send` throws
 * "unsupported" when the peer is not installed.
 */
export function grpcJsTransport(options: GrpcTransportOptions = {}): Transport {
  const all = filled(options);
  if (all.proxy !== undefined) {
    throw new ExportError(
      "unsupported",
      `cannot have @grpc/grpc-js go through the proxy ${all.proxy.shown}: it finds one by itself in the variables ` +
        "grpc_proxy, https_proxy and http_proxy; set it there, or use grpcTransport",
    );
  }
  return { name: "grpc-js", connect: (endpoint) => connect(endpoint, all) };
}

// So many calls without an answer in a row, and the connection is taken for half-open (traps of long-lived channels).
const timeoutsUntilRenewal = 3;

function connect(endpoint: Endpoint, options: FilledOptions): Sender {
  const target = targetOf(endpoint.url, options.insecure);
  // Not for use, but to say at once what is wrong with it.
  if (target.tls) secureContext(options.tls.current);
  if (target.droppedPath !== undefined) {
    options.onWarning(`gRPC has no use for the path "${target.droppedPath}" of endpoint ${target.address}; ignored`);
  }
  const compressors = new Map(options.compressors.map((compressor) => [compressor.name, compressor]));
  const channels = new Map<string, Client[]>();
  const underWay = new Map<Promise<Ack>, (error: ExportError) => void>();
  let next = 0;
  let timeoutsInARow = 0;
  let closing: Promise<void> | undefined;
  // New certificates are for new channels: one that is there would connect again and again with the old ones.
  const forget = options.tls.onChange(() => {
    const before = [...channels.values()].flat();
    channels.clear();
    void Promise.allSettled(underWay.keys()).then(() => before.forEach((each) => each.close()));
  });

  function channelFor(grpc: GrpcJs, encoding: string): Client {
    let ofEncoding = channels.get(encoding);
    if (ofEncoding === undefined) channels.set(encoding, (ofEncoding = []));
    const index = next++ % options.connections;
    return (ofEncoding[index] ??= channel(grpc, target, encoding, options));
  }

  /** The next send connects anew, instead of waiting out what grpc-js thinks of the old connection. */
  function renewChannels(): void {
    timeoutsInARow = 0;
    if (closing === undefined) closeChannels();
  }

  function closeChannels(): void {
    for (const each of [...channels.values()].flat()) each?.close();
    channels.clear();
  }

  /** grpc-js compresses by itself, so what is compressed already is undone first. */
  async function plainBody(batch: Batch, attempted: string): Promise<Uint8Array> {
    if (batch.encoding === "identity") return batch.body;
    const compressor = compressors.get(batch.encoding);
    if (sendable[batch.encoding] === undefined || compressor === undefined) {
      throw new ExportError(
        "unsupported",
        `${attempted}: @grpc/grpc-js cannot send a body that is ${batch.encoding} already; ` +
          (sendable[batch.encoding] === undefined
            ? "it knows gzip and deflate only: use grpcTransport"
            : `give ${batch.encoding} as one of the compressors, so that it can be undone and done again, or use grpcTransport`),
      );
    }
    return compressor.decompress(batch.body, options.maxRequestBytes);
  }

  async function send(batch: Batch, { deadline, signal }: SendOptions): Promise<Ack> {
    const attempted = `cannot deliver ${batch.items} ${signals[batch.signal].items} to ${target.address}`;
    const refused = refusedBeforeSending(
      batch,
      options.maxRequestBytes,
      attempted,
      closing !== undefined,
      signal,
      deadline,
    );
    if (refused !== undefined) throw refused;
    let cancel!: (error: ExportError) => void;
    const cancelled = new Promise<never>((_, reject) => {
      cancel = reject;
    });
    const onAbort = (): void => {
      cancel(new ExportError("cancelled", `${attempted}: given up by the caller`, { cause: signal?.reason }));
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    const answer = (async () => {
      const grpc = await loadGrpcJs();
      const body = await plainBody(batch, attempted);
      return oneCall(grpc, channelFor(grpc, batch.encoding), batch, body, deadline, cancelled, attempted);
    })();
    const result = Promise.race([answer, cancelled]);
    underWay.set(result, cancel);
    try {
      const ack = await result;
      timeoutsInARow = 0;
      return ack;
    } catch (error) {
      const timedOut = ExportError.is(error) && error.code === "timeout";
      timeoutsInARow = timedOut ? timeoutsInARow + 1 : 0;
      if (timeoutsInARow >= timeoutsUntilRenewal || notConnected(error)) renewChannels();
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      underWay.delete(result);
      // Whichever of the two lost the race has nobody listening.
      answer.catch(() => {});
      cancelled.catch(() => {});
    }
  }

  function oneCall(
    grpc: GrpcJs,
    client: Client,
    { signal, headers }: Batch,
    body: Uint8Array,
    deadline: number | undefined,
    cancelled: Promise<never>,
    attempted: string,
  ): Promise<Ack> {
    return new Promise((resolve, reject) => {
      const call = client.makeUnaryRequest<Uint8Array, Buffer>(
        signals[signal].grpcPath,
        asBuffer,
        (bytes) => bytes,
        body,
        toMetadata(grpc, { ...options.headers, ...headers }),
        deadline === undefined ? {} : { deadline: Date.now() + (deadline - performance.now()) },
        (error, reply) => {
          if (error !== null) reject(failure(error, attempted, target, options));
          else resolve(reply === undefined || reply.byteLength === 0 ? accepted : ackFrom(signal, reply));
        },
      );
      cancelled.catch(() => call.cancel());
    });
  }

  async function closeAll(): Promise<void> {
    forget();
    if (!options.waitAtClose) {
      const error = new ExportError(
        "cancelled",
        `cannot deliver to ${target.address}: the sender was closed meanwhile`,
      );
      for (const cancel of underWay.values()) cancel(error);
    }
    await Promise.allSettled(underWay.keys());
    closeChannels();
  }

  return {
    send,
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

function notConnected(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.cause as ServiceError | undefined)?.code === grpcCode.UNAVAILABLE &&
    /^(?:No connection established|Name resolution failed)/.test((error.cause as ServiceError).details)
  );
}

function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function toMetadata(grpc: GrpcJs, headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(metadataOf(headers))) {
    metadata.set(key, key.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  }
  return metadata;
}

function failure(error: ServiceError, attempted: string, target: Target, options: FilledOptions): ExportError {
  const { code, details, metadata } = error;
  const max = options.maxResponseBytes;
  // grpc-js says so with RESOURCE_EXHAUSTED; the server did not, and whatever it attached is beside the point.
  if (
    code === grpcCode.RESOURCE_EXHAUSTED &&
    (details.startsWith("Received message larger than max (")
      ? details.endsWith(`vs ${max})`)
      : isInflatedTooFar(details))
  ) {
    return new ExportError("bad-response", `${attempted}: the answer is larger than maxResponseBytes (${max})`, {
      cause: error,
    });
  }
  if (/^Received RST_STREAM with code 0\b/.test(details)) {
    return new ExportError("bad-response", `${attempted}: the answer has no grpc-status`, { cause: error });
  }
  // No answer is no verdict: sent again it may well pass.
  if (details.startsWith("Received RST_STREAM with code")) {
    return new ExportError("unavailable", `${attempted}: the stream was reset before the answer`, { cause: error });
  }
  if (code === grpcCode.UNAVAILABLE && /Protocol error|Parse Error|HTTP\/1/.test(details)) {
    return new ExportError(
      "unavailable",
      `cannot reach ${target.address} for gRPC: what answers does not speak HTTP/2; is it the OTLP/HTTP port (4318) ` +
        "instead of the gRPC port (4317)?",
      { cause: error },
    );
  }
  if (target.tls && code === grpcCode.UNAVAILABLE && details.startsWith("No connection established")) {
    const advice = "with TLS, look at the certificates on both sides: tls.ca, tls.cert and their ends";
    return new ExportError("unavailable", `${attempted}: ${details.trim()}; ${advice}`, { cause: error });
  }
  const detailsBin = metadata.get("grpc-status-details-bin")[0];
  // The text has been decoded already, so it is not given to be decoded again.
  const status = { ...statusFrom(code, "", detailsBin), message: details };
  const { code: errorCode, message, retryable, retryAfterMs, grpcStatus } = errorOf(status, attempted);
  return new ExportError(errorCode, message, { retryable, retryAfterMs, grpcStatus, cause: error });

  function isInflatedTooFar(text: string): boolean {
    return text === `Received message that decompresses to a size larger than ${max}`;
  }
}
