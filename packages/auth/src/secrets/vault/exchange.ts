import { ExportError } from "@otlpkit/core";
import type { IncomingMessage, RequestOptions } from "node:http";
import type { Secret } from "../secret.ts";
import type { VaultAddress } from "./address.ts";

/** One question to Vault's HTTP API. */
export interface VaultRequest {
  readonly method: "GET" | "POST" | "PUT";
  /** Below `/v1/`, already escaped: "secret/data/shop". Appears in messages, so it holds no secret. */
  readonly path: string;
  readonly body?: object;
  readonly token?: Secret;
  /** False: not asked again when nobody knows whether it arrived. Default true. */
  readonly repeat?: boolean;
}

/** What Vault said to it. */
export interface VaultAnswer {
  readonly status: number;
  /** The JSON object that came, or `undefined` when there was none. Full of secrets. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** From `Retry-After`; 0 when it was not there. */
  readonly retryAfterMs: number;
  /** State of the storage that the answer is from, for clusters whose members lag behind one another. */
  readonly index: string | undefined;
}

export interface ExchangeOptions {
  readonly address: VaultAddress;
  readonly namespace: string | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Origins besides our own that may have the token when Vault sends us there. */
  readonly redirectTo: ReadonlySet<string>;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly servername?: string };
}

export interface Exchange {
  /** @throws ExportError "unavailable", "timeout", "bad-response" or "forbidden"; without a cause, which may hold secrets */
  send(request: VaultRequest, index: string | undefined, signal: AbortSignal): Promise<VaultAnswer>;
  close(): void;
}

const maxRedirects = 3;

/** Asks one question at a time of one address, over connections that are kept. */
export function vaultExchange(options: ExchangeOptions): Exchange {
  const { address, namespace, timeoutMs, maxBytes, redirectTo, tls } = options;
  const http = process.getBuiltinModule("node:http");
  const https = process.getBuiltinModule("node:https");
  const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true, ...tls }) };

  async function send(request: VaultRequest, index: string | undefined, signal: AbortSignal): Promise<VaultAnswer> {
    let url = new URL(`${address.base}/v1/${request.path}`);
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const answer = await ask(url, request, index, signal);
      if (answer.location === undefined) return answer;
      url = target(url, answer.location);
    }
    throw new ExportError("unavailable", `Vault at ${address.shown} sends us round in a circle; is there a leader?`);
  }

  /** Where Vault sends us, if the token may be seen there. */
  function target(from: URL, location: string): URL {
    const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
    if (to?.origin === from.origin && address.socketPath === undefined) return to;
    if (to && redirectTo.has(to.origin)) return to;
    throw new ExportError(
      "forbidden",
      `Vault at ${address.shown} sends us to ${to?.origin ?? "somewhere that is no URL"}, and the token is not sent to another place unasked; name it in redirectTo if it is yours`,
    );
  }

  function ask(
    url: URL,
    request: VaultRequest,
    index: string | undefined,
    signal: AbortSignal,
  ): Promise<VaultAnswer & { readonly location: string | undefined }> {
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const secure = url.protocol === "https:";
    const { socketPath } = address;
    const what: RequestOptions = {
      method: request.method,
      headers: {
        accept: "application/json",
        "x-vault-request": "true",
        ...(request.token === undefined ? {} : { "x-vault-token": request.token.reveal() }),
        ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
        ...(index === undefined ? {} : { "x-vault-index": index }),
        ...(body === undefined ? {} : { "content-type": "application/json", "content-length": body.length }),
      },
      agent: secure ? agents.https : agents.http,
      ...(socketPath !== undefined && url.hostname === "unix" ? { socketPath } : {}),
    };
    return new Promise((resolve, reject) => {
      const outgoing = (secure ? https : http).request(url, what);
      const timer = setTimeout(() => {
        fail(new ExportError("timeout", `Vault at ${address.shown} did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      const onAbort = (): void => fail(new ExportError("cancelled", `gave up asking Vault at ${address.shown}`));
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        body?.fill(0);
      };
      const fail = (error: ExportError): void => {
        settle();
        reject(error);
        outgoing.destroy();
      };
      // The error itself may carry what was received, so only its code is kept.
      const broken = (error: NodeJS.ErrnoException): void =>
        fail(
          new ExportError(
            "unavailable",
            `cannot reach Vault at ${address.shown} (${error.code ?? error.name}); is it running, and is this its address?`,
          ),
        );
      signal.addEventListener("abort", onAbort, { once: true });
      outgoing.on("error", broken);
      outgoing.on("response", (incoming: IncomingMessage) => {
        const chunks: Buffer[] = [];
        let length = 0;
        incoming.on("error", broken);
        incoming.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length <= maxBytes) chunks.push(chunk);
          else
            fail(
              new ExportError(
                "bad-response",
                `the answer of Vault at ${address.shown} is longer than ${maxBytes} bytes`,
              ),
            );
        });
        incoming.on("end", () => {
          settle();
          const bytes = Buffer.concat(chunks);
          const { "retry-after": retryAfter, "x-vault-index": newIndex, location } = incoming.headers;
          const status = incoming.statusCode ?? 0;
          resolve({
            status,
            body: jsonObject(bytes),
            retryAfterMs: Math.max(0, Number(retryAfter ?? 0) * 1000) || 0,
            index: [newIndex].flat()[0],
            location: status === 307 || status === 308 ? (location ?? "") : undefined,
          });
          for (const chunk of [bytes, ...chunks]) chunk.fill(0);
        });
      });
      if (signal.aborted) onAbort();
      else outgoing.end(body);
    });
  }

  return {
    send,
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function jsonObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // The parser's message quotes what it has read.
    return undefined;
  }
}
