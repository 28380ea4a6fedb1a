import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { ExportError } from "@otlpkit/core";
import { networkError } from "../http/errors.ts";
import { type SourceTls, tlsOf } from "../http/tls.ts";
import type { Time } from "../time.ts";
import { framed, frames } from "./frames.ts";
import { notGrpc, statusOf } from "./status.ts";

/** One call, of whatever kind. */
export interface StreamCall {
  /** "/etcdserverpb.KV/Range" */
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The first message, often the only one. */
  readonly message: Uint8Array;
  /** More may follow, so our side stays open. It goes on for long, and keeps no process alive. */
  readonly lasting: boolean;
  onMessage(message: Uint8Array): void;
  /** It is over, told once, and not after `cancel`. Without an error: as it should. */
  onEnd(error: ExportError | undefined): void;
}

/** A connection to one member. */
export interface Connection {
  /** Of the member, for messages. */
  readonly url: string;
  /** False once it takes no more calls. */
  readonly usable: boolean;
  /** Makes a call and returns what ends it. */
  start(call: StreamCall): () => void;
  /** Ends it and all its calls. */
  close(): void;
}

/** How {@link connectTo} connects. */
export interface ConnectionOptions {
  readonly tls: SourceTls;
  readonly pingMs: number;
  readonly maxMessageBytes: number;
}

const cancelled = 8;

/** An HTTP/2 session to one member of the cluster. Calls may be made at once; they wait until it is there. */
export function connectTo(url: string, options: ConnectionOptions, time: Time): Connection {
  const { hostname, port, protocol, host } = new URL(url);
  const secure = protocol === "https:";
  const where = { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || (secure ? 443 : 80)) };
  const net = process.getBuiltinModule("node:net");
  // A name to ask for (SNI) is never an address.
  const named = net.isIP(where.host) === 0 ? { servername: where.host } : {};
  // Our own socket: after some alerts of TLS a session neither reports nor closes.
  const socket: Socket = secure
    ? process
        .getBuiltinModule("node:tls")
        .connect({ ...where, ...named, ...(tlsOf(options.tls) as TlsOptions), ALPNProtocols: ["h2"] })
    : net.connect(where);
  socket.setNoDelay(true);
  const session = process
    .getBuiltinModule("node:http2")
    .connect(`${protocol}//${host}`, { createConnection: () => socket, settings: { enablePush: false } });

  let trouble: Error | undefined;
  let usable = true;
  let brief = 0;
  const running = new Set<(error: ExportError) => void>();
  const lost = (): void => {
    usable = false;
    cancelPing();
    const cause = trouble ?? Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
    for (const fail of running) fail(networkError(cause, `cannot ask etcd at ${url}`));
    session.destroy();
    socket.destroy();
  };
  for (const part of [session, socket] as const) {
    part.on("error", (error: Error) => {
      trouble ??= error;
      socket.destroy();
    });
    part.once("close", lost);
  }
  // It takes no new calls; those under way may end.
  session.once("goaway", () => (usable = false));
  let cancelPing = watchOver(
    session,
    options.pingMs,
    time,
    () => running.size > 0,
    (): void => {
      trouble ??= Object.assign(new Error("a ping was not answered"), { code: "ETIMEDOUT" });
      socket.destroy();
    },
  );
  session.unref();

  /** Only a question whose answer somebody is waiting for holds the process. */
  const hold = (change: 1 | -1): void => {
    brief += change;
    if (session.destroyed) return;
    if (brief > 0) session.ref();
    else session.unref();
  };

  return {
    url,
    get usable() {
      return usable && !session.closed && !session.destroyed;
    },
    start(call) {
      const attempted = `cannot ask etcd at ${url}`;
      let stream: ClientHttp2Stream | undefined;
      let over = false;
      const finish = (): boolean => {
        if (over) return false;
        over = true;
        running.delete(end);
        if (!call.lasting) hold(-1);
        if (stream !== undefined && !stream.closed) stream.close(cancelled);
        return true;
      };
      const end = (error: ExportError | undefined): void => {
        if (finish()) call.onEnd(error);
      };
      running.add(end);
      if (!call.lasting) hold(1);
      try {
        stream = open(session, call);
        collect(stream, call, options.maxMessageBytes, attempted, end);
      } catch (cause) {
        // Not at once: whoever starts a call has not got the way to end it yet.
        queueMicrotask(() => end(networkError(cause, attempted)));
      }
      return () => void finish();
    },
    close() {
      usable = false;
      trouble ??= Object.assign(new Error("the connection was closed by us"), { code: "ECONNABORTED" });
      lost();
    },
  };
}

function open(session: ClientHttp2Session, { path, metadata, message, lasting }: StreamCall): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...metadata,
  });
  if (lasting) stream.write(framed(message));
  else stream.end(framed(message));
  return stream;
}

function collect(
  stream: ClientHttp2Stream,
  call: StreamCall,
  maxBytes: number,
  attempted: string,
  end: (error: ExportError | undefined) => void,
): void {
  const cut = frames(maxBytes);
  let last: IncomingHttpHeaders | undefined;
  stream.on("response", (headers) => {
    if (!String(headers["content-type"]).startsWith("application/grpc")) return end(notGrpc(headers, attempted));
    // An answer without a body has its status here.
    if (headers["grpc-status"] !== undefined) last = headers;
  });
  stream.on("trailers", (headers) => (last = headers));
  stream.on("data", (piece: Buffer) => {
    try {
      for (const message of cut(piece)) call.onMessage(message);
    } catch (cause) {
      // A RangeError tells of bytes that are no message.
      end(
        ExportError.is(cause)
          ? cause
          : new ExportError("bad-response", `${attempted}: what came is no message of etcd`, {
              cause,
              retryable: true,
            }),
      );
    }
  });
  // Told by "close"; but one that nobody listens to would end the process.
  stream.on("error", () => {});
  // Our side of a lasting stream is still open when theirs has ended, so it would not be closed. One that is torn down
  // ends as well, and "close" tells of it.
  stream.once("end", () => {
    if (stream.rstCode === 0) end(statusOf(last, attempted));
  });
  stream.once("close", () => end(statusOf(last, attempted)));
}

/** Pings while there are calls. Returns what stops that. */
function watchOver(
  session: ClientHttp2Session,
  pingMs: number,
  time: Time,
  busy: () => boolean,
  dead: () => void,
): () => void {
  let cancel = time.setTimer(look, pingMs);
  function look(): void {
    if (session.destroyed) return;
    cancel = time.setTimer(look, pingMs);
    if (!busy() || session.connecting) return;
    const cancelDeadline = time.setTimer(dead, pingMs / 2);
    // Refused while too many pings are under way, which the deadline of the first will notice.
    session.ping(() => cancelDeadline());
    const rest = cancel;
    cancel = () => {
      rest();
      cancelDeadline();
    };
  }
  return () => cancel();
}
