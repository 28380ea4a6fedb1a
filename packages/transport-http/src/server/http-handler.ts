import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type Ack,
  accepted,
  type Authenticator,
  type Batch,
  type ByteBudget,
  type Caller,
  type Compressor,
  ExportError,
  fairBudget,
  type Format,
  protobufBatch,
  type Sender,
  type Signal,
  signalNames,
  signals,
} from "@otlpkit/core";
import { encodeReply, jsonToProtobuf, scan } from "@otlpkit/otlp";
import { contentTypes, formatOf } from "../media-type.ts";
import type { SignalPaths } from "../request-url.ts";
import { callerOf } from "./caller-of.ts";
import { type CorsOptions, corsOf } from "./cors.ts";
import { announcedBytes, bodyTooLarge, readBody } from "./read-body.ts";
import { type Refusal, refuse, reply } from "./reply.ts";
import { type Share, shareOf } from "./share.ts";
import { tenantOf } from "./tenant.ts";
import { unpack } from "./unpack.ts";

/** What is understood of requests, wherever they come in. */
export interface HttpHandlerOptions {
  /** The signals taken; the paths of others are not found. Default all four. */
  readonly signals?: readonly Signal[];
  /** The path of each signal. Default `/v1/traces`, `/v1/metrics`, `/v1/logs`, `/v1development/profiles` (K-02, D-20). */
  readonly paths?: SignalPaths;
  /** Content codings accepted besides none; `gzip()` among them also reads "x-gzip" (D-01, D-19). Default none. */
  readonly compressors?: readonly Compressor[];
  /** The largest request, also after decompression. Default 64 MiB, as the protocol asks (D-02). */
  readonly maxRequestBytes?: number;
  /** The largest answer. Default 4 MiB, as the protocol asks (D-16). */
  readonly maxResponseBytes?: number;
  /**
   * Bounds the bytes of all requests being read, decompressed or awaiting their answer; what does not fit is refused with
   * 503, or 429 where the tenant is known, and no request may be larger (413). May be shared with other receivers.
   * Default a `fairBudget` of its own of 256 MiB.
   */
  readonly budget?: ByteBudget;
  /** How long those are asked to stay away whom a budget has no room for that can't tell, in ms. Default 1,000. */
  readonly retryAfterMs?: number;
  /**
   * The request header that says whose data these are: for fair shares of the budget, and for `batch.tenant`. It is
   * believed, so let only those write it who may. Default none: all are one tenant.
   */
  readonly tenantHeader?: string;
  /**
   * Finds out who is asking before the body is read; who can't say is refused with 401 or 403. The tenant that credentials
   * name wins over `tenantHeader`. Default: nobody is asked.
   */
  readonly authenticator?: Authenticator;
  /** How long the pipeline may take for an answer, in ms: its deadline. Default none, as a sender that gives up hangs up. */
  readonly answerTimeoutMs?: number;
  /** Whether the pipeline is told to give up when the sender hangs up. Default true. */
  readonly cancelOnDisconnect?: boolean;
  /** Request headers that are carried onward in `batch.headers`: a tenant, for instance. Default none. */
  readonly onwardHeaders?: readonly string[];
  /** Lets browsers send from other origins (K-07). Default off. */
  readonly cors?: CorsOptions;
  /** Hears of requests that never reached the pipeline. Must not throw. */
  readonly onRefused?: (refusal: HttpRefusal) => void;
}

/** A request that never reached the pipeline. */
export interface HttpRefusal {
  /** Absent when it was not even clear what the request was about. */
  readonly signal?: Signal;
  /** Absent when it named none. */
  readonly tenant?: string;
  /** Where it came from; absent on Unix sockets, and where TLS was refused. */
  readonly address?: string;
  /** "unauthenticated" also stands for a handshake that failed; the reason is the `cause`. */
  readonly error: ExportError;
}

/** Handles requests of a `node:http` or `node:https` server. */
export interface OtlpHandler {
  /** `waiting`: the sender waits for "100 Continue" before it sends the body. */
  handle(request: IncomingMessage, response: ServerResponse, waiting?: boolean): void;
  /** From now on every answer closes its connection, and new requests are sent elsewhere. */
  wind(): void;
}

/**
 * OTLP/HTTP as a request listener for a server that has other things to do as well. Answers every request it is given,
 * with 404 where the path is none of its own. `httpReceiver` is this and a server.
 */
export function httpHandler(
  pipeline: Sender,
  options: HttpHandlerOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  const handler = otlpHandler(pipeline, options);
  return (request, response) => handler.handle(request, response);
}

export function otlpHandler(pipeline: Sender, options: HttpHandlerOptions): OtlpHandler {
  const { maxResponseBytes = 4 * 1024 * 1024, retryAfterMs = 1_000 } = options;
  const { budget = ownBudget(options), cancelOnDisconnect = true, answerTimeoutMs, authenticator, onRefused } = options;
  const maxRequestBytes = Math.min(options.maxRequestBytes ?? 64 * 1024 * 1024, budget.largestBytes);
  const tenantHeader = options.tenantHeader?.toLowerCase();
  const routes = new Map((options.signals ?? signalNames).map((s) => [options.paths?.[s] ?? signals[s].httpPath, s]));
  const codings = codingsOf(options.compressors ?? []);
  const acceptEncoding = [...codings.keys(), "identity"].join(", ");
  const onwardHeaders = (options.onwardHeaders ?? []).map((name) => name.toLowerCase());
  const cors = options.cors === undefined ? undefined : corsOf(options.cors);
  let winding = false;

  function handle(request: IncomingMessage, response: ServerResponse, waiting = false): void {
    // A socket that breaks while an answer is written concerns nobody: the sender will ask again.
    response.on("error", () => {});
    cors?.decorate(request, response);
    if (winding) response.setHeader("connection", "close");
    const signal = routes.get(pathOf(request.url as string));
    // Browsers ask whether they may before they show who they are.
    if (signal !== undefined && cors?.preflight(request, response) === true) return;
    if (authenticator === undefined || signal === undefined)
      return welcome(request, response, signal, undefined, waiting);
    callerOf(authenticator, request, response).then(
      (caller) => welcome(request, response, signal, caller, waiting),
      (error: unknown) => {
        const format = formatOf(request.headers["content-type"]) ?? "json";
        turnAway(request, response, { error: ExportError.from(error, "cannot tell who is asking"), format }, signal);
      },
    );
  }

  function welcome(
    request: IncomingMessage,
    response: ServerResponse,
    signal: Signal | undefined,
    caller: Caller | undefined,
    waiting: boolean,
  ): void {
    const admitted = admit(request, signal, caller);
    if ("error" in admitted) {
      turnAway(request, response, admitted, signal);
      return;
    }
    if (waiting) response.writeContinue();
    void take(request, response, admitted);
  }

  /** What can be said before the body is read: headers and the room there is decide whether it is worth reading. */
  function admit(request: IncomingMessage, signal: Signal | undefined, caller: Caller | undefined): Admitted | Refusal {
    const { headers, method } = request;
    const format = formatOf(headers["content-type"]);
    const refusal = (error: ExportError, rest: Partial<Refusal>): Refusal => ({
      error,
      format: format ?? "json",
      ...rest,
    });
    if (signal === undefined) {
      return refusal(noSuchPath(request, routes), { httpStatus: 404 });
    }
    if (method !== "POST") {
      const message = `${method} is not how telemetry is sent; use POST`;
      return refusal(new ExportError("unsupported", message), { httpStatus: 405, headers: { allow: "POST" } });
    }
    if (format === undefined) {
      return refusal(unknownType(headers["content-type"]), { httpStatus: 415 });
    }
    const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
    const coding = encoding === "identity" || encoding === "" ? undefined : codings.get(encoding);
    if (coding === undefined && encoding !== "identity" && encoding !== "") {
      const message = `content encoding "${encoding}" is not accepted here; use one of ${acceptEncoding}`;
      return refusal(new ExportError("unsupported", message), {
        httpStatus: 415,
        headers: { "accept-encoding": acceptEncoding },
      });
    }
    if ((announcedBytes(request) ?? 0) > maxRequestBytes) return refusal(bodyTooLarge(maxRequestBytes), {});
    if (winding) return refusal(new ExportError("unavailable", "this receiver is closing; try again"), {});
    let tenant: string | undefined;
    try {
      tenant = caller?.tenant ?? tenantOf(request, tenantHeader);
      const share = shareOf(budget, tenant, retryAfterMs);
      share.resize(announcedBytes(request) ?? 0);
      return { signal, format, coding, tenant, caller, share };
    } catch (error) {
      return refusal(ExportError.from(error), { tenant });
    }
  }

  async function take(request: IncomingMessage, response: ServerResponse, admitted: Admitted): Promise<void> {
    const { signal, format, tenant, share } = admitted;
    try {
      let batch: Batch;
      try {
        batch = await batchOf(request, admitted);
      } catch (error) {
        const refusal = { error: ExportError.from(error, "cannot read the request"), format, tenant };
        turnAway(request, response, refusal, signal);
        return;
      }
      let ack: Ack;
      try {
        // Nothing inside is nothing to carry (N1-03), and a success (D-09).
        ack = batch.items === 0 ? accepted : await send(batch, response, admitted.caller);
      } catch (error) {
        refuse(request, response, { error: ExportError.from(error), format }, maxResponseBytes);
        return;
      }
      answer(request, response, signal, format, ack);
    } finally {
      share.resize(0);
    }
  }

  async function batchOf(request: IncomingMessage, admitted: Admitted): Promise<Batch> {
    const { signal, format, coding, tenant, share } = admitted;
    const sent = await readBody(request, maxRequestBytes, share);
    const body = coding === undefined ? sent : await unpack(sent, coding, maxRequestBytes, share);
    const batch = format === "protobuf" ? protobufBatch(signal, body, scan(signal, body)) : fromJson(signal, body);
    if (format === "json") share.resize(batch.body.byteLength);
    if (onwardHeaders.length === 0 && tenant === undefined) return batch;
    const headers = onwardHeaders.length === 0 ? batch.headers : pick(request, onwardHeaders);
    return { ...batch, headers, ...(tenant === undefined ? {} : { tenant }) };
  }

  function send(batch: Batch, response: ServerResponse, caller: Caller | undefined): Promise<Ack> {
    const common = {
      ...(answerTimeoutMs === undefined ? {} : { deadline: performance.now() + answerTimeoutMs }),
      ...(caller === undefined ? {} : { caller }),
    };
    if (!cancelOnDisconnect) return pipeline.send(batch, common);
    const controller = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) controller.abort(new Error("the sender hung up"));
    });
    return pipeline.send(batch, { ...common, signal: controller.signal });
  }

  function answer(request: IncomingMessage, response: ServerResponse, signal: Signal, format: Format, ack: Ack): void {
    if (response.destroyed) return;
    let body: Uint8Array;
    try {
      body = encodeReply(signal, ack, format, maxResponseBytes);
    } catch (error) {
      // The data are in; only the answer does not fit (D-16).
      refuse(request, response, { error: ExportError.from(error), format, httpStatus: 500 }, maxResponseBytes);
      return;
    }
    reply(response, format, body);
  }

  function turnAway(
    request: IncomingMessage,
    response: ServerResponse,
    refusal: Refusal,
    signal: Signal | undefined,
  ): void {
    const { error, tenant } = refusal;
    const { remoteAddress: address } = request.socket;
    onRefused?.({
      ...(signal === undefined ? {} : { signal }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(address === undefined ? {} : { address }),
      error,
    });
    // Where tenants have shares, this one asks too much; else it is all of us that is busy.
    const busyStatus = tenant === undefined ? 503 : 429;
    const httpStatus = refusal.httpStatus ?? (error.code === "overloaded" ? busyStatus : undefined);
    refuse(request, response, httpStatus === undefined ? refusal : { ...refusal, httpStatus }, maxResponseBytes);
  }

  return {
    handle,
    wind() {
      winding = true;
    },
  };
}

/** A request whose body is worth reading. */
interface Admitted {
  readonly signal: Signal;
  readonly format: Format;
  readonly coding: Compressor | undefined;
  readonly tenant: string | undefined;
  readonly caller: Caller | undefined;
  /** Holds as much as the request announces. */
  readonly share: Share;
}

/** Headroom is for tenants that come later, so it is kept where there are tenants. */
function ownBudget({ tenantHeader }: HttpHandlerOptions): ByteBudget {
  const maxBytes = 256 * 1024 * 1024;
  return tenantHeader === undefined ? fairBudget({ maxBytes, headroom: 0 }) : fairBudget({ maxBytes });
}

function codingsOf(compressors: readonly Compressor[]): ReadonlyMap<string, Compressor> {
  const codings = new Map(compressors.map((compressor) => [compressor.name, compressor]));
  const gzip = codings.get("gzip");
  if (gzip !== undefined) codings.set("x-gzip", gzip);
  return codings;
}

/** The path without its query; some clients send the whole URL, as to a proxy. */
function pathOf(target: string): string {
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  return path.startsWith("/") ? path : path.replace(/^https?:\/\/[^/]*/i, "");
}

function fromJson(signal: Signal, json: Uint8Array): Batch {
  const { body, items } = jsonToProtobuf(signal, json);
  return protobufBatch(signal, body, items);
}

function pick(request: IncomingMessage, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = request.headers[name];
    if (value !== undefined) picked[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return picked;
}

function noSuchPath(request: IncomingMessage, routes: ReadonlyMap<string, Signal>): ExportError {
  const path = pathOf(request.url as string).slice(0, 200);
  return new ExportError("unsupported", `no signal is taken at "${path}"; there is ${[...routes.keys()].join(", ")}`);
}

function unknownType(contentType: string | undefined): ExportError {
  const got = contentType === undefined ? "no content type" : `content type "${contentType.slice(0, 100)}"`;
  return new ExportError("unsupported", `${got}: use ${contentTypes.protobuf} or ${contentTypes.json}`);
}
