import type { Format, Signal } from "@otlpkit/core";
import { itemIds } from "../item-ids.ts";
import type { TestCertificate } from "./certificates.ts";
import { decompressed } from "./decompressed.ts";
import type { Listener } from "./listening.ts";

/** One request as it arrived. */
export interface ReceivedRequest {
  /** By the path; undefined when no signal has it. */
  readonly signal: Signal | undefined;
  readonly path: string;
  readonly method: string;
  /** In lower case; several of one name are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** As sent: still compressed. For gRPC the message without its frame. */
  readonly body: Uint8Array;
  /** The first byte of the gRPC frame; 0 for HTTP. */
  readonly compressedFlag: number;
  /** When the headers were there, on the clock of `performance.now()`. */
  readonly atMs: number;
  /** Which connection it came over: 1, 2, ... */
  readonly connection: number;
  /** The other side went away before the answer was complete. */
  readonly aborted: boolean;
}

/** The batch was taken. */
export interface OkAnswer {
  readonly kind: "ok";
  /** Makes it a partial success. */
  readonly rejectedItems?: number;
  /** The message of a partial success; with `rejectedItems` 0 a warning. */
  readonly message?: string;
  /** Verbatim instead of the Export response. */
  readonly body?: Uint8Array;
  /** Compresses the body and says so in the headers. */
  readonly gzip?: boolean;
  /** Added to the headers, or put in place of ours. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: 200. */
  readonly httpStatus?: number;
  /** gRPC: the bytes of the body instead of a framed message; several frames, half a frame, nonsense. */
  readonly frame?: Uint8Array;
  /** gRPC: leaves out the trailers, and with them the status. */
  readonly trailers?: false;
  /** Answers only after so long. */
  readonly delayMs?: number;
  /** Answers only when this has resolved. */
  readonly until?: Promise<unknown>;
}

/** The batch was not taken. */
export interface RefuseAnswer {
  readonly kind: "refuse";
  /** `google.rpc.Code`. Default for gRPC: 14, UNAVAILABLE. */
  readonly grpcStatus?: number;
  /** Default for HTTP: 503. For gRPC: without `grpcStatus`, an answer as a proxy gives it, no gRPC status at all (F-21). */
  readonly httpStatus?: number;
  readonly message?: string;
  /** RetryInfo for gRPC, `Retry-After` in full seconds, rounded up, for HTTP. 0 for gRPC: a RetryInfo of zero. */
  readonly retryAfterMs?: number;
  /** gRPC: `grpc-status-details-bin`, verbatim. */
  readonly detailsBin?: string;
  /** gRPC: status in the headers (default), or after them in real trailers. */
  readonly trailersOnly?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Verbatim instead of the Status. */
  readonly body?: Uint8Array;
  readonly gzip?: boolean;
  readonly delayMs?: number;
  readonly until?: Promise<unknown>;
}

/** What a {@link Backend} does with one request. */
export type Answer =
  | OkAnswer
  | RefuseAnswer
  /** Reads the request and never answers. */
  | { readonly kind: "hang" }
  /**
   * Cuts the connection: at once, after the request was read, or after the headers and a part of the answer.
   * "before-body" on a connection that served before is what a client sees when an idle socket is closed as it sends.
   */
  | { readonly kind: "reset"; readonly when: "before-body" | "before-headers" | "after-headers" }
  /** gRPC: ends the stream with this HTTP/2 error code. HTTP: as "reset" before the headers. */
  | { readonly kind: "rst-stream"; readonly code: number }
  /**
   * gRPC: GOAWAY. The call is answered if the frame's last stream id covers it; otherwise (default) it is not processed.
   * HTTP: answers with `Connection: close`.
   */
  | { readonly kind: "goaway"; readonly covered?: boolean }
  /** Headers of a success, then the body byte by byte. Default: a warning of 2000 bytes, one each 20 ms. */
  | { readonly kind: "drip"; readonly body?: Uint8Array; readonly everyMs?: number }
  /** A body without end, until the other side goes. */
  | { readonly kind: "endless"; readonly httpStatus?: number; readonly gzip?: boolean };

/** An answer, or what chooses one; `n` counts the requests from 1. */
export type ScriptedAnswer = Answer | ((request: ReceivedRequest, n: number) => Answer);

/** An OTLP backend that answers as it is told. */
export interface Backend {
  /** `http://127.0.0.1:12345`, or `https:`. */
  readonly url: string;
  readonly port: number;
  /** In order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  /** From now on: these answers in order, the last one for ever. Before: full success. */
  script(...answers: ScriptedAnswer[]): void;
  readonly openConnections: number;
  /** Connections ever opened. */
  readonly totalConnections: number;
  /** The most requests under way at one time. */
  readonly maxConcurrent: number;
  /** Resolves when so many requests have arrived, which includes their bodies. */
  arrived(count: number): Promise<void>;
  /** Ids of the items in requests that were answered with "ok", see {@link itemIds}. */
  acceptedItemIds(): string[];
  /** Cuts every connection; the port stays open. */
  dropConnections(): void;
  /** Cuts every connection and gives the port back. Safe to call twice. */
  close(): Promise<void>;
}

/** What a backend can be made with. */
export interface BackendOptions {
  /** Default: 0, any free one. */
  readonly port?: number;
  /** Serve TLS, as {@link testServer} unless told otherwise. Default: plain. */
  readonly tls?: boolean | BackendTls;
}

export interface BackendTls {
  /** Default: `testServer`. */
  readonly certificate?: TestCertificate;
  /** Ask for a client certificate signed by `testAuthority` and refuse who has none. Default: false. */
  readonly requireClientCertificate?: boolean;
}

/** A received request while it is being filled. */
export type Recording = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] };

/** The part that both backends share: the script, and the book of what came. */
export interface Book {
  readonly requests: Recording[];
  readonly maxConcurrent: number;
  script(...answers: ScriptedAnswer[]): void;
  /** Notes the request as under way. Call `done` when it is answered or gone. */
  begin(request: Recording): void;
  arrivedNow(): void;
  next(request: Recording): Answer;
  /** The answer "ok" went out. */
  accept(request: Recording): void;
  done(): void;
  arrived(count: number): Promise<void>;
  acceptedItemIds(): string[];
}

export function book(): Book {
  let answers: ScriptedAnswer[] = [{ kind: "ok" }];
  let answered = 0;
  let used = 0;
  let underWay = 0;
  let maxConcurrent = 0;
  let complete = 0;
  const requests: Recording[] = [];
  const accepted: Recording[] = [];
  const waiting = new Set<{ count: number; resolve: () => void }>();
  return {
    requests,
    get maxConcurrent() {
      return maxConcurrent;
    },
    script(...next) {
      if (next.length === 0) throw new Error("script() needs at least one answer");
      answers = next;
      used = 0;
    },
    begin(request) {
      requests.push(request);
      maxConcurrent = Math.max(maxConcurrent, ++underWay);
    },
    arrivedNow() {
      complete++;
      for (const waiter of waiting) {
        if (complete < waiter.count) continue;
        waiting.delete(waiter);
        waiter.resolve();
      }
    },
    next(request) {
      answered++;
      const answer = answers[Math.min(used++, answers.length - 1)] as ScriptedAnswer;
      return typeof answer === "function" ? answer(request, answered) : answer;
    },
    accept: (request) => void accepted.push(request),
    done() {
      underWay--;
    },
    arrived(count) {
      if (complete >= count) return Promise.resolve();
      return new Promise((resolve) => waiting.add({ count, resolve }));
    },
    acceptedItemIds: () =>
      accepted.flatMap((request) => {
        if (request.signal === undefined) return [];
        return itemIds(request.signal, decompressed(request), formatOf(request));
      }),
  };
}

/** Puts the two halves of a backend together. */
export function backendOf(listener: Listener, notes: Book): Backend {
  return {
    url: listener.url,
    port: listener.port,
    requests: notes.requests,
    script: (...answers) => notes.script(...answers),
    get openConnections() {
      return listener.openConnections;
    },
    get totalConnections() {
      return listener.totalConnections;
    },
    get maxConcurrent() {
      return notes.maxConcurrent;
    },
    arrived: (count) => notes.arrived(count),
    acceptedItemIds: () => notes.acceptedItemIds(),
    dropConnections: () => listener.dropConnections(),
    close: () => listener.close(),
  };
}

export function formatOf(request: ReceivedRequest): Format {
  return /^application\/json\b/i.test(request.headers["content-type"] ?? "") ? "json" : "protobuf";
}
