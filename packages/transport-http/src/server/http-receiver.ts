import type { Server } from "node:http";
import type { Server as SecureServer } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Live, Receiver, Sender } from "@otlpkit/core";
import { agreedTls, live, pem, rulesOf, type TlsRules } from "../tls.ts";
import { answerClientErrors } from "./client-error.ts";
import { closeGently, connectionsOf, openAt } from "./door.ts";
import { handshakeRefusal } from "./handshake.ts";
import { type HttpHandlerOptions, otlpHandler } from "./http-handler.ts";

/** Options of {@link httpReceiver}: where to listen, and how long to bear with slow senders. */
export interface HttpReceiverOptions extends HttpHandlerOptions {
  /** The address to listen on. Default "127.0.0.1", so that nobody else gets in unasked (K-10). */
  readonly host?: string;
  /** The port; 0 takes any that is free. Default 4318 (K-01). */
  readonly port?: number;
  /** Listen on this Unix socket instead of a port. One that a dead process left behind is replaced. */
  readonly path?: string;
  /** Share the port with other processes or threads that ask for the same, where the system can. Default false. */
  readonly reusePort?: boolean;
  /** Speak TLS. PEM. What may change (`tlsFiles` of `@otlpkit/auth/tls`) is used for new connections. */
  readonly tls?: ServerTlsOptions | Live<ServerTlsOptions>;
  /** How long a sender may take for its headers, TLS included, in ms; then 408. 0: no limit. Default 10,000. */
  readonly headersTimeoutMs?: number;
  /** How long a sender may take for a whole request, in ms; then 408. 0: no limit. Default 60,000. */
  readonly requestTimeoutMs?: number;
  /** How long an idle connection is kept, in ms. 0: for good. Default 65,000: longer than load balancers keep theirs. */
  readonly keepAliveTimeoutMs?: number;
  /** The largest request line and headers together; then 431. Default 16 KiB. */
  readonly maxHeaderBytes?: number;
}

/** The certificate we show, and whose certificates we ask for. */
export interface ServerTlsOptions extends TlsRules {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** Authorities for the certificates of senders, with `requireClientCert` or `askClientCert`. */
  readonly ca?: string | Uint8Array;
  /** Turn away senders without a certificate of `ca` (mTLS). Default false. */
  readonly requireClientCert?: boolean;
  /** Ask for a certificate and let in who has none, for an `authenticator` that takes other proofs as well. Default false. */
  readonly askClientCert?: boolean;
}

/**
 * Receives OTLP over HTTP/1.1, protobuf and JSON (K-02, K-03). Every request is checked and bounded before the pipeline
 * sees it, always as uncompressed protobuf, and the sender's answer is the pipeline's.
 *
 * `listen` throws {@link ExportError} "unavailable" when the door cannot be opened.
 */
export function httpReceiver(options: HttpReceiverOptions = {}): Receiver {
  return {
    name: "otlp/http",
    async listen(pipeline: Sender) {
      const handler = otlpHandler(pipeline, options);
      const server = serverOf(options);
      server.on("request", (request, response) => handler.handle(request, response));
      server.on("checkContinue", (request, response) => handler.handle(request, response, true));
      answerClientErrors(server);
      server.on("tlsClientError", (failure: Error, socket: TLSSocket) => {
        const error = handshakeRefusal(failure, socket);
        if (error !== undefined) options.onRefused?.({ error });
      });
      const connections = connectionsOf(server);
      const forget = follow(server, options.tls);
      const address = await openAt(server, options);
      let closing: Promise<void> | undefined;
      return {
        address,
        close({ graceMs = 10_000 } = {}) {
          handler.wind();
          forget();
          closing ??= closeGently(server, connections, graceMs);
          return closing;
        },
      };
    },
  };
}

function serverOf(options: HttpReceiverOptions): Server {
  const { headersTimeoutMs = 10_000, requestTimeoutMs = 60_000, keepAliveTimeoutMs = 65_000 } = options;
  // Node wants the first to be the smaller one, and takes 0 for no limit.
  const headersTimeout = requestTimeoutMs === 0 ? headersTimeoutMs : Math.min(headersTimeoutMs, requestTimeoutMs);
  const shortest = headersTimeout || requestTimeoutMs || Number.POSITIVE_INFINITY;
  const settings = {
    headersTimeout,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(5_000, Math.max(20, shortest / 4)),
    maxHeaderSize: options.maxHeaderBytes ?? 16 * 1024,
    // Finds senders that vanished without a word, so that what they hold comes back.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    noDelay: true,
  };
  // Not imported: see node-poster.ts.
  if (options.tls === undefined) return process.getBuiltinModule("node:http").createServer(settings);
  const tls = live(options.tls).current;
  return process.getBuiltinModule("node:https").createServer({
    ...settings,
    ...contextOf(tls),
    handshakeTimeout: headersTimeout,
    requestCert: tls.requireClientCert === true || tls.askClientCert === true,
    rejectUnauthorized: tls.requireClientCert === true,
  });
}

function contextOf({ cert, key, ca, ...rules }: ServerTlsOptions) {
  return {
    ...rulesOf(rules),
    honorCipherOrder: true,
    cert: pem(cert, "cert"),
    key: pem(key, "key"),
    ...(ca === undefined ? {} : { ca: pem(ca, "ca") }),
  };
}

/** Whoever connects after a change meets the new certificate; who is connected notices nothing. */
function follow(server: Server, tls: HttpReceiverOptions["tls"]): () => void {
  if (tls === undefined) return () => {};
  const source = live(tls);
  server.on("secureConnection", (socket: TLSSocket) => source.current.onSecure?.(agreedTls(socket)));
  return source.onChange(() => (server as SecureServer).setSecureContext(contextOf(source.current)));
}
