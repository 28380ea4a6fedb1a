import type { sendUnaryData, Server, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import {
  type Caller,
  ExportError,
  type Listening,
  type Receiver,
  type Sender,
  type Signal,
  signals,
} from "@otlpkit/core";
import type { Status } from "@otlpkit/otlp/replies";
import { allowance } from "../server/allowance.ts";
import { exchange, onwardHeaders, statusOfFailure } from "../server/exchange.ts";
import {
  filledReceiver,
  type FilledReceiverOptions,
  type GrpcReceiverOptions,
  refusalOf,
  type ServerTls,
} from "../server/options.ts";
import { tenantOf } from "../server/tenant.ts";
import { admission, type Callers, headersOf, statusObject } from "./admission.ts";
import { live } from "../tls.ts";
import { removeStaleSocket } from "../server/stale-socket.ts";
import { healthService } from "../server/health.ts";
import { offerHealth } from "./health.ts";
import { type GrpcJs, loadGrpcJs, pemBuffer } from "./load.ts";

/**
 * Takes OTLP/gRPC over `@grpc/grpc-js`. Takes the same options as `grpcReceiver`; what it cannot do is listed in the
 * README.
 *
 * @throws RangeError when an option makes no sense; `listen` throws ExportError "unavailable" when the port cannot be
 * opened and "unsupported" when the peer is not installed, or can't keep the rules for TLS.
 */
export function grpcJsReceiver(options: GrpcReceiverOptions = {}): Receiver {
  const all = filledReceiver(options);
  return { name: "otlp/grpc-js", listen: (pipeline) => listen(pipeline, all) };
}

async function listen(pipeline: Sender, options: FilledReceiverOptions): Promise<Listening> {
  const grpc = await loadGrpcJs();
  const callers: Callers = new WeakMap();
  const server = new grpc.Server({
    "grpc.max_receive_message_length": options.maxRequestBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": options.maxConcurrentStreams,
    ...(options.keepaliveMs > 0 ? { "grpc.keepalive_time_ms": options.keepaliveMs } : {}),
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs,
    interceptors: [admission(grpc, options, callers)],
    ...(options.maxIdleMs > 0 ? { "grpc.max_connection_idle_ms": options.maxIdleMs } : {}),
  });
  for (const signal of options.signals) offer(grpc, server, signal, pipeline, options, callers);
  const endWatching =
    options.health === undefined
      ? undefined
      : offerHealth(grpc, server, healthService(options.health, options.signals));
  const address = await bind(grpc, server, options);

  let closed: Promise<void> | undefined;
  return {
    address,
    close({ graceMs = 10_000 } = {}) {
      closed ??= new Promise((resolve) => {
        endWatching?.();
        const timer = setTimeout(() => {
          server.forceShutdown();
          // It does not tell when it is done, and never is while a client that was told to go stays.
          setImmediate(resolve);
        }, graceMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      });
      return closed;
    },
  };
}

async function bind(grpc: GrpcJs, server: Server, options: FilledReceiverOptions): Promise<string> {
  const { host, port, path } = options;
  const tls = options.tls === undefined ? undefined : requireRules(live(options.tls).current);
  const shownHost = host.includes(":") ? `[${host}]` : host;
  const where = path === undefined ? `${shownHost}:${port}` : `unix:${path}`;
  const credentials =
    tls === undefined
      ? grpc.ServerCredentials.createInsecure()
      : grpc.ServerCredentials.createSsl(
          pemBuffer(tls.ca, "ca"),
          [{ cert_chain: pemBuffer(tls.cert, "cert") as Buffer, private_key: pemBuffer(tls.key, "key") as Buffer }],
          tls.requireClientCert === true,
        );
  if (path !== undefined) await removeStaleSocket(path);
  const boundPort = await new Promise<number>((resolve, reject) => {
    server.bindAsync(where, credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  }).catch((error: unknown) => {
    throw new ExportError("unavailable", `cannot listen for gRPC on ${where}: ${String(error)}`, { cause: error });
  });
  return path === undefined ? `${shownHost}:${boundPort}` : where;
}

/** What grpc-js can't be told would not hold, and nobody would know. */
function requireRules(tls: ServerTls): ServerTls {
  const { minVersion = "TLSv1.2", maxVersion = "TLSv1.3", ciphers, ecdhCurve } = tls;
  if (minVersion === "TLSv1.2" && maxVersion === "TLSv1.3" && ciphers === undefined && ecdhCurve === undefined) {
    return tls;
  }
  throw new ExportError(
    "unsupported",
    "grpc-js takes neither versions of TLS nor cipher suites nor groups for a server; use grpcReceiver, which does",
  );
}

function offer(
  grpc: GrpcJs,
  server: Server,
  signal: Signal,
  pipeline: Sender,
  options: FilledReceiverOptions,
  callers: Callers,
): void {
  const asIs = (bytes: Buffer): Buffer => bytes;
  const definition = {
    Export: {
      path: signals[signal].grpcPath,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  } as const;
  const implementation: UntypedServiceImplementation = {
    Export: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
      void answer(signal, call, pipeline, options, callers.get(call.metadata)).then(
        (reply) => callback(null, reply),
        (status: Status) => callback({ name: "refusal", message: status.message, ...statusObject(grpc, status) }),
      );
    },
  };
  server.addService(definition, implementation);
}

/** Rejects with a {@link Status}. */
async function answer(
  signal: Signal,
  call: ServerUnaryCall<Buffer, Buffer>,
  pipeline: Sender,
  options: FilledReceiverOptions,
  caller: Caller | undefined,
): Promise<Buffer> {
  const header = headersOf(call.metadata);
  const tenant = caller?.tenant ?? tenantOf(options.tenantHeader, header);
  const held = allowance(options.budget, tenant, options.retryAfterMs);
  const onRefused = (error: ExportError): void => options.onRefused(refusalOf(signal, tenant, error));
  const gone = new AbortController();
  let answered = false;
  call.on("cancelled", () => {
    // grpc-js also says so when all is over.
    if (!answered) gone.abort(new ExportError("cancelled", "the client gave up, went away or ran out of time"));
  });
  const deadline = performance.now() + (Number(call.getDeadline()) - Date.now());
  try {
    try {
      held.hold(call.request.byteLength);
    } catch (error) {
      onRefused(error as ExportError);
      throw error;
    }
    const reply = await exchange(
      pipeline,
      {
        signal,
        message: call.request,
        headers: onwardHeaders(options.onwardHeaders, header),
        tenant,
        options: {
          ...(Number.isFinite(deadline) && { deadline }),
          signal: gone.signal,
          ...(caller === undefined ? {} : { caller }),
        },
        maxResponseBytes: options.maxResponseBytes,
      },
      onRefused,
    );
    return Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength);
  } catch (error) {
    throw statusOfFailure(error, deadline);
  } finally {
    answered = true;
    held.release();
  }
}
