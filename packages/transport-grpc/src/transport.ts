import type { OutgoingHttpHeaders } from "node:http2";
import { type Ack, type Batch, type Endpoint, ExportError, type Sender, signals, type Transport } from "@otlpkit/core";
import { alarms } from "./alarms.ts";
import { judge } from "./answer.ts";
import { type Call, startCall } from "./call.ts";
import { type Connection, connection } from "./connection.ts";
import { dialTo } from "./dial.ts";
import { metadataOf } from "./metadata.ts";
import { filled, type FilledOptions, type GrpcTransportOptions } from "./options.ts";
import { refusedBeforeSending } from "./refused.ts";
import { targetOf } from "./target.ts";
import { userAgentOf } from "./version.ts";

/**
 * OTLP/gRPC over `node:http2`: unary Export calls, many at a time on one connection, without copying large bodies.
 *
 * ```ts
 * const sender = grpcTransport({ headers: { "x-tenant": "shop" } }).connect({ url: "http://collector:4317" });
 * ```
 *
 * @throws RangeError when an option makes no sense, ExportError "unsupported" for a proxy that is none; `connect` throws
 * ExportError "unsupported" for an endpoint that is no gRPC target and "rejected" for certificates that cannot be used.
 */
export function grpcTransport(options: GrpcTransportOptions = {}): Transport {
  const all = filled(options);
  return { name: "grpc", connect: (endpoint) => connect(endpoint, all) };
}

function connect(endpoint: Endpoint, options: FilledOptions): Sender {
  const target = targetOf(endpoint.url, options.insecure);
  if (target.droppedPath !== undefined) {
    options.onWarning(`gRPC has no use for the path "${target.droppedPath}" of endpoint ${target.address}; ignored`);
  }
  const compressors = new Map(options.compressors.map((compressor) => [compressor.name, compressor]));
  const commonHeaders: OutgoingHttpHeaders = {
    ":method": "POST",
    ":scheme": target.tls ? "https" : "http",
    ":authority": target.authority,
    te: "trailers",
    "content-type": "application/grpc",
    "user-agent": userAgentOf(options.userAgent),
    ...(compressors.size > 0 && { "grpc-accept-encoding": ["identity", ...compressors.keys()].join(",") }),
    ...metadataOf(options.headers),
  };
  const dial = dialTo(target, options);
  const connections = [connection(target, dial, options)];
  const deadlines = alarms();
  const underWay = new Set<Call>();
  const forget = options.tls.onChange(() => {
    for (const each of connections) each.renew();
  });
  let closing: Promise<void> | undefined;

  /** The least busy connection, or a further one when all are busy and there may be more. */
  function leastBusy(): Connection {
    let best = connections[0] as Connection;
    for (const candidate of connections) if (candidate.visitors < best.visitors) best = candidate;
    if (best.visitors === 0 || connections.length >= options.connections) return best;
    const another = connection(target, dial, options);
    connections.push(another);
    return another;
  }

  async function closeAll(): Promise<void> {
    forget();
    if (!options.waitAtClose) {
      const error = new ExportError(
        "cancelled",
        `cannot deliver to ${target.address}: the sender was closed meanwhile`,
      );
      for (const call of underWay) call.cancel(error);
    }
    await Promise.allSettled([...underWay].map((call) => call.answer));
    await Promise.all(connections.map((each) => each.close()));
  }

  return {
    async send(batch, { deadline, signal }): Promise<Ack> {
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
      const call = startCall(leastBusy(), deadlines, {
        headers: headersFor(batch, commonHeaders),
        message: batch.body,
        compressed: batch.encoding !== "identity",
        deadline,
        signal,
        maxResponseBytes: options.maxResponseBytes,
        attempted,
      });
      underWay.add(call);
      try {
        const answer = await call.answer;
        return await judge(answer, {
          signal: batch.signal,
          maxResponseBytes: options.maxResponseBytes,
          compressors,
          attempted,
        });
      } finally {
        underWay.delete(call);
      }
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

function headersFor(batch: Batch, commonHeaders: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { ":path": signals[batch.signal].grpcPath, ...commonHeaders };
  if (batch.encoding !== "identity") headers["grpc-encoding"] = batch.encoding;
  return Object.keys(batch.headers).length === 0 ? headers : Object.assign(headers, metadataOf(batch.headers));
}
