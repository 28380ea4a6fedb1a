import { ExportError } from "@otlpkit/core";
import type { Time } from "../time.ts";
import { connectTo, type Connection } from "./connection.ts";
import { authenticate, type Method } from "./messages.ts";
import type { EtcdConnectOptions } from "./options.ts";
import { isAuthOff, wantsToken } from "./status.ts";

/** A client of a cluster. */
export interface EtcdClient {
  /**
   * Asks one member after the other until one answers; a token that is over is renewed on the way. Only for what may be
   * done twice.
   */
  call<Request, Response>(
    method: Method<Request, Response>,
    request: Partial<Request>,
    signal: AbortSignal,
  ): Promise<Response>;
  /** Opens a lasting stream to one member. Fails or ends by `onEnd`; returns what ends it. */
  stream<Request, Response>(
    method: Method<Request, Response>,
    request: Partial<Request>,
    onMessage: (message: Response) => void,
    onEnd: (error: ExportError | undefined) => void,
  ): Promise<() => void>;
  /** Forgets the token, so that the next call gets another. */
  renewToken(): void;
  /** The member in use has failed in a way that only its user can see: the next call goes to another. */
  leaveMember(): void;
  close(): void;
}

/** Opens no connection before the first call. @throws ExportError as {@link checkConnect} does. */
export function etcdClient(options: EtcdConnectOptions, time: Time): EtcdClient {
  const { timeoutMs = 5_000, pingMs = 15_000, maxMessageBytes = 64 << 20, username, password = "" } = options;
  const urls = checkConnect(options);
  // Those who start together do not all go to the first member.
  let member = Math.floor(time.random() * urls.length);
  let connection: Connection | undefined;
  let token: Promise<string | undefined> | undefined;
  let closed = false;

  function connected(): Connection {
    if (closed) throw new ExportError("closed", "the client of etcd was closed");
    if (connection?.usable === true) return connection;
    const tls = (typeof options.tls === "function" ? options.tls() : options.tls) ?? {};
    connection = connectTo(urls[member % urls.length] as string, { tls, pingMs, maxMessageBytes }, time);
    return connection;
  }

  function leaveMember(): void {
    connection?.close();
    connection = undefined;
    member++;
  }

  /** One call to the member in use. */
  function once<Request, Response>(
    { path, request, response }: Method<Request, Response>,
    value: Partial<Request>,
    metadata: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const to = connected();
      let result: Response | undefined;
      const finish = (error?: ExportError): void => {
        cancelTimer();
        signal.removeEventListener("abort", onAbort);
        if (error !== undefined) reject(error);
        else if (result === undefined)
          reject(new ExportError("bad-response", `${to.url} answered ${path} with nothing`));
        else resolve(result);
      };
      const end = to.start({
        path,
        metadata,
        message: request.encode(value),
        lasting: false,
        onMessage: (message) => void (result = response.decode(message)),
        onEnd: finish,
      });
      const giveUp = (error: ExportError): void => {
        end();
        finish(error);
      };
      const onAbort = (): void => giveUp(new ExportError("cancelled", `asking etcd at ${to.url} was given up`));
      const cancelTimer = time.setTimer(
        () => giveUp(new ExportError("timeout", `cannot ask etcd at ${to.url}: no answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** The same with each member in turn, until one is there. */
  async function onAny<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    // A connection that was kept may be closing just as it is used, which says nothing about the member.
    const kept = connection?.usable === true ? 1 : 0;
    for (let left = urls.length + kept; ; left--) {
      try {
        return await ask();
      } catch (cause) {
        const error = ExportError.from(cause, "cannot ask etcd");
        if (signal.aborted || closed) throw error;
        const elsewhere = error.code === "unavailable" || error.code === "timeout" || error.code === "bad-response";
        // What failed is left in any case, or the next call would meet it again.
        if (elsewhere) leaveMember();
        if (!elsewhere || left <= 1) throw error;
      }
    }
  }

  async function metadata(): Promise<Record<string, string>> {
    if (username === undefined) return {};
    token ??= login(username).catch((error: unknown) => {
      token = undefined;
      throw error;
    });
    const known = await token;
    return known === undefined ? {} : { token: known };
  }

  async function login(name: string): Promise<string | undefined> {
    // Of all that wait for the token, so none of them may end it.
    const signal = new AbortController().signal;
    try {
      return (await onAny(() => once(authenticate, { name, password }, {}, signal), signal)).token;
    } catch (error) {
      if (ExportError.is(error) && isAuthOff(error)) return undefined;
      throw error;
    }
  }

  async function call<Request, Response>(
    method: Method<Request, Response>,
    value: Partial<Request>,
    signal: AbortSignal,
  ): Promise<Response> {
    const ask = (): Promise<Response> => onAny(async () => once(method, value, await metadata(), signal), signal);
    try {
      return await ask();
    } catch (error) {
      if (username === undefined || !ExportError.is(error) || !wantsToken(error)) throw error;
      token = undefined;
      return ask();
    }
  }

  return {
    call,
    async stream({ path, request, response }, value, onMessage, onEnd) {
      // A member that has lost the others says so, instead of staying silent (it is not told what happens there).
      const headers = { ...(await metadata()), hasleader: "true" };
      return connected().start({
        path,
        metadata: headers,
        message: request.encode(value),
        lasting: true,
        onMessage: (message) => onMessage(response.decode(message)),
        onEnd,
      });
    },
    renewToken: () => void (token = undefined),
    leaveMember,
    close() {
      closed = true;
      connection?.close();
    },
  };
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;

/**
 * The members, each as scheme, host and port.
 *
 * @throws ExportError "rejected" when an endpoint is no URL, or a password would be readable on the way.
 */
export function checkConnect({ endpoints, username, allowCleartext = false }: EtcdConnectOptions): readonly string[] {
  if (endpoints.length === 0) throw new ExportError("rejected", "etcd needs at least one endpoint");
  for (const endpoint of endpoints) {
    if (!/^https?:\/\//i.test(endpoint) || !URL.canParse(endpoint)) {
      throw new ExportError("rejected", "each endpoint of etcd must be a URL such as http://10.0.0.1:2379");
    }
    const { protocol, hostname, origin } = new URL(endpoint);
    if (username !== undefined && protocol === "http:" && !loopback.test(hostname) && !allowCleartext) {
      throw new ExportError(
        "rejected",
        `the password for etcd is not sent to ${origin} in clear, where anybody in between can read it; use https://, ` +
          "or allow it with allowCleartext if the network is trusted",
      );
    }
  }
  return endpoints.map((endpoint) => new URL(endpoint).origin);
}
