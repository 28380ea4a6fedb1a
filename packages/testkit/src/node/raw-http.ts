import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";

/** What to send; nothing is added but what HTTP itself needs. */
export interface RawHttpRequest {
  /** Default: POST. */
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** With its length in the headers, unless `chunked`. */
  readonly body?: Uint8Array;
  readonly chunked?: boolean;
  /** A connection that is kept, see {@link keptConnection}. Default: one of its own. */
  readonly agent?: Agent;
  /** PEM of the authority to trust. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface RawHttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** One HTTP exchange without any of the cleverness of a client: no redirect, no decompression, no retry. */
export function rawHttp(url: string, ask: RawHttpRequest): Promise<RawHttpAnswer> {
  const { promise, resolve, reject } = deferred<RawHttpAnswer>();
  const { method = "POST", body = new Uint8Array(), chunked = false } = ask;
  const secure = url.startsWith("https:");
  const tls = secure ? { ca: ask.ca, cert: ask.cert, key: ask.key } : {};
  const agent = ask.agent ?? (secure ? new TlsAgent() : new Agent());
  const sent = (secure ? tlsRequest : request)(new URL(ask.path, url), {
    method,
    agent,
    ...tls,
    headers: { ...(chunked || method === "GET" ? {} : { "content-length": body.length }), ...ask.headers },
  });
  sent.on("response", (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: new Uint8Array(Buffer.concat(chunks)),
      }),
    );
  });
  sent.on("error", reject);
  if (chunked) sent.write(body);
  sent.end(chunked ? undefined : body);
  return promise;
}

/** An agent with one connection that stays open; `destroy()` it in the end. */
export function keptConnection(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
