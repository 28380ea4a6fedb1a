import { type Ack, type Batch, ExportError, type Sender, type SendOptions, type Signal, signals } from "@otlpkit/core";
import { ackOf, type Answer, redirectOf } from "./answer.ts";
import { cancelled, timedOut } from "./interruptions.ts";
import { contentTypes } from "./media-type.ts";
import { type Headers, ownHeaders } from "./request-headers.ts";
import { shown } from "./request-url.ts";

/** One request, for whatever carries it. */
export interface PostRequest {
  readonly url: URL;
  /** In lower case, all but those that follow from `body`. */
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly deadline: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A way to make HTTP requests. */
export interface Poster {
  /** Resolves with any complete answer; throws ExportError when there is none. */
  post(request: PostRequest): Promise<Answer>;
  /** Lets go of idle connections. */
  release(): void;
}

export interface OtlpSenderSettings {
  readonly urls: Readonly<Record<Signal, URL>>;
  /** Sent with every request; those of a batch come over them. */
  readonly headers: Headers;
  readonly maxRequestBytes: number;
}

/** A POST may be sent on so many times. One hop is common (a trailing slash, a renamed path); more are a loop. */
const maxRedirects = 3;

/** Makes a sender of something that can post: what OTLP/HTTP is, apart from sockets. */
export function otlpSender(settings: OtlpSenderSettings, poster: Poster): Sender {
  let underWay = 0;
  let closing: Promise<void> | undefined;
  let drained: () => void = () => {};

  async function attempt(batch: Batch, options: SendOptions): Promise<Ack> {
    const request = requestOf(batch, options, settings);
    for (let url = request.url, hops = 0; ; hops++) {
      const answer = await poster.post(url === request.url ? request : { ...request, url });
      const next = hops < maxRedirects ? redirectOf(answer, url) : undefined;
      if (next === undefined) return ackOf(answer, batch.signal, url);
      url = next;
    }
  }

  return {
    async send(batch, options) {
      if (closing !== undefined) {
        throw new ExportError("closed", `the sender to ${shown(settings.urls[batch.signal])} is closed`);
      }
      underWay++;
      try {
        return await attempt(batch, options);
      } finally {
        underWay--;
        if (underWay === 0) drained();
      }
    },
    close() {
      closing ??= new Promise<void>((resolve) => {
        drained = resolve;
        if (underWay === 0) drained();
      }).then(() => poster.release());
      return closing;
    },
  };
}

function requestOf(batch: Batch, options: SendOptions, settings: OtlpSenderSettings): PostRequest {
  const { body, signal: kind, encoding } = batch;
  const url = settings.urls[kind];
  // Compressed bodies are measured as they are: what is too large compressed was too large before (C-09).
  if (body.byteLength > settings.maxRequestBytes) {
    throw new ExportError(
      "too-large",
      `${batch.items} ${signals[kind].items} are ${body.byteLength} bytes, more than the ${settings.maxRequestBytes} that may be ` +
        `sent to ${shown(url)}; they were not sent. Make smaller batches or raise maxRequestBytes`,
    );
  }
  if (options.signal?.aborted === true) throw cancelled(url, options.signal);
  if (options.deadline !== undefined && options.deadline <= performance.now()) throw timedOut(url);
  const headers: Record<string, string> = {
    ...settings.headers,
    ...ownHeaders(batch.headers),
    "content-type": contentTypes[batch.format],
  };
  if (encoding !== "identity") headers["content-encoding"] = encoding;
  return { url, headers, body, deadline: options.deadline, signal: options.signal };
}
