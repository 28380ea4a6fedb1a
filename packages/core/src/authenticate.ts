import type { Batch } from "./batch.ts";
import type { CredentialProvider } from "./credentials.ts";
import type { Endpoint } from "./endpoint.ts";
import { ExportError } from "./errors.ts";
import { type Middleware, middleware } from "./middleware.ts";
import type { SendOptions } from "./sender.ts";

/** Options of {@link authenticate}. */
export interface AuthenticateOptions {
  /**
   * Send credentials over connections that anybody in between can read. Default false. Connections within the machine
   * (127.0.0.0/8, ::1, localhost, Unix sockets) need no such leave.
   */
  readonly allowCleartext?: boolean;
  /** As the gRPC transport was told: endpoints without `http:` or `https:` are plain. Default false, they use TLS. */
  readonly insecure?: boolean;
}

type Headers = Readonly<Record<string, string>>;

/**
 * Adds the provider's headers to each attempt, over those of the batch. Belongs behind `retry`, in front of the connection
 * to `endpoint`.
 *
 * When the far side answers "unauthenticated", the provider is asked again, the old headers invalidated unless somebody
 * has renewed them meanwhile, and the batch is sent once more; not when the headers are still the same.
 *
 * @throws ExportError "rejected", at once, when `endpoint` is reached in clear and that is not allowed.
 *
 * ```ts
 * const sender = pipe(retry(), authenticate(provider, endpoint), transport.connect(endpoint));
 * ```
 */
export function authenticate(
  provider: CredentialProvider,
  endpoint: Endpoint,
  options: AuthenticateOptions = {},
): Middleware {
  const place = shown(endpoint);
  if (options.allowCleartext !== true && isCleartext(endpoint, options.insecure === true)) {
    throw new ExportError(
      "rejected",
      `credentials are not sent to ${place} in clear, where anybody in between can read them; use https://, or allow it ` +
        "with allowCleartext if the network is trusted",
    );
  }

  async function ask(batch: Batch, signal: AbortSignal): Promise<Headers> {
    try {
      return inLowerCase(await provider.headers(endpoint, batch, signal));
    } catch (cause) {
      if (ExportError.is(cause)) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ExportError("unavailable", `no credentials for ${place} at the moment: ${reason}`, { cause });
    }
  }

  // One at a time: of many attempts refused together the first renews, and the others find it done.
  let renewing: Promise<unknown> = Promise.resolve();
  function renewed(refused: Headers, batch: Batch, sending: SendOptions): Promise<Headers> {
    const before = renewing;
    const renewal = bounded(sending, place, async (signal) => {
      await before;
      const now = await ask(batch, signal);
      if (!same(now, refused)) return now;
      provider.invalidate?.(endpoint);
      return ask(batch, signal);
    });
    renewing = renewal.catch(() => {
      // Whoever waits for this renewal is told; the next one tries by itself.
    });
    return renewal;
  }

  return middleware(async (batch, sending, next) => {
    const headers = await bounded(sending, place, (signal) => ask(batch, signal));
    try {
      return await next(withHeaders(batch, headers), sending);
    } catch (error) {
      if (!ExportError.is(error) || error.code !== "unauthenticated") throw error;
      const fresh = await renewed(headers, batch, sending);
      if (same(fresh, headers)) throw error;
      return next(withHeaders(batch, fresh), sending);
    }
  });
}

function withHeaders(batch: Batch, headers: Headers): Batch {
  return { ...batch, headers: { ...batch.headers, ...headers } };
}

function inLowerCase(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function same(a: Headers, b: Headers): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** Waits no longer than the attempt may take, whatever the provider makes of its signal. */
function bounded<T>(
  { deadline, signal }: SendOptions,
  place: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const waiting = new AbortController();
  return new Promise<T>((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const giveUp = (error: ExportError): void => {
      end();
      reject(error);
      waiting.abort(error);
    };
    const onAbort = (): void =>
      giveUp(
        new ExportError("cancelled", `waiting for credentials for ${place} was given up by the caller`, {
          cause: signal?.reason,
        }),
      );
    if (signal?.aborted === true) return onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    if (deadline !== undefined) {
      const leftMs = Math.min(Math.max(0, deadline - performance.now()), 2 ** 31 - 1);
      timer = setTimeout(
        () => giveUp(new ExportError("timeout", `no credentials for ${place} within the time allowed`)),
        leftMs,
      );
    }
    work(waiting.signal).then(resolve, reject).finally(end);
  });
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;

function isCleartext({ url }: Endpoint, insecure: boolean): boolean {
  if (/^(?:https|unix):/i.test(url)) return false;
  if (/^http:/i.test(url)) return !(URL.canParse(url) && loopback.test(new URL(url).hostname));
  // The ways in which gRPC libraries name an endpoint: dns:///host:port, ipv6:[::1]:4317, host:port.
  const host = /^(?:dns:(?:\/\/[^/]*\/)?|ipv[46]:(?:\/\/\/)?)?(\[[^\]]*\]|[^:/]*)/i.exec(url)?.[1] ?? "";
  return insecure && !loopback.test(host);
}

/** Without what may hold a secret. */
function shown({ url }: Endpoint): string {
  return url.replace(/\/\/[^/]*@/, "//").replace(/[?#].*$/, "");
}
