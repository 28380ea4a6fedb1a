import {
  type ByteBudget,
  type Compressor,
  type Format,
  type Listening,
  type Receiver,
  type Signal,
  signals,
} from "@otlpkit/core";
import { later } from "../../cases/check.ts";
import { recordingSender, type RecordingSender } from "../../recording-sender.ts";
import { goldenCase } from "../golden.ts";
import { plainGzip } from "../gzip-compressor.ts";
import { rawGrpc } from "../raw-grpc.ts";
import { rawHttp } from "../raw-http.ts";
import { readStatus } from "./read-status.ts";

/** What a receiver is asked for. Names are those of our own receivers; another one's `make` may translate. */
export interface ReceiverCaseSettings {
  /** Always "127.0.0.1". */
  readonly host: string;
  /** Nearly always 0. */
  readonly port: number;
  /** Content codings to take besides identity; gzip unless a case says otherwise. */
  readonly compressors: readonly Compressor[];
  readonly signals?: readonly Signal[];
  readonly maxRequestBytes?: number;
  readonly maxResponseBytes?: number;
  readonly budget?: ByteBudget;
  /** Request headers that are copied to the batch. */
  readonly onwardHeaders?: readonly string[];
  /** PEM. */
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    readonly ca?: string;
    readonly requireClientCert?: boolean;
  };
}

/** Which receiver, and which protocol it speaks. */
export interface ReceiverSetting {
  readonly speaks: "http" | "grpc";
  readonly make: (settings: ReceiverCaseSettings) => Receiver;
}

/** One request, whatever the protocol. */
export interface Ask {
  /** Default: traces. */
  readonly signal?: Signal;
  /** As it goes out. Default: the golden request of the signal. */
  readonly body?: Uint8Array;
  /** Default: none. */
  readonly encoding?: string;
  /** HTTP only. Default: protobuf. */
  readonly format?: Format;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One answer, whatever the protocol. */
export interface Told {
  /** HTTP status or gRPC code. */
  readonly code: number;
  readonly taken: boolean;
  /** Whether a client that follows the protocol sends again (F-02, F-04, F-09). */
  readonly retryable: boolean;
  /** What the Status says about why. */
  readonly message: string;
  /** RetryInfo or Retry-After; undefined when there is neither. */
  readonly retryAfterMs: number | undefined;
  /** The Export response. */
  readonly body: Uint8Array;
}

/** An open receiver, the pipeline behind it and a way to ask. */
export interface Door {
  readonly url: string;
  readonly listening: Listening;
  readonly far: RecordingSender;
  readonly ask: (ask?: Ask) => Promise<Told>;
}

export const contentTypes: Readonly<Record<Format, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/** Makes a case's function: opens the door, runs, and cleans up whatever happens. */
export function atDoor(
  setting: ReceiverSetting,
  run: (door: Door) => Promise<void>,
  settings: Partial<ReceiverCaseSettings> = {},
): () => Promise<void> {
  return async () => {
    const far = recordingSender();
    const receiver = setting.make({ host: "127.0.0.1", port: 0, compressors: [plainGzip()], ...settings });
    const listening = await receiver.listen(far);
    const url = `${settings.tls ? "https" : "http"}://${listening.address}`;
    const ask = setting.speaks === "http" ? askHttp : askGrpc;
    try {
      await run({ url, listening, far, ask: (given = {}) => later(ask(url, given)) });
    } finally {
      await far.close();
      await listening.close({ graceMs: 100 });
    }
  };
}

/** The golden request of a signal. */
export function requestOf(signal: Signal, format: Format = "protobuf"): Uint8Array {
  const name = {
    traces: "traces-full",
    metrics: "metrics-special-doubles",
    logs: "logs-full",
    profiles: "profiles-basic",
  }[signal];
  const { binary, json } = goldenCase("edge", name);
  return (format === "json" ? json : binary) ?? new Uint8Array();
}

const retryableStatuses = new Set([429, 502, 503, 504]);
const retryableCodes = new Set([1, 4, 10, 11, 14, 15]);

async function askHttp(url: string, ask: Ask): Promise<Told> {
  const { signal = "traces", format = "protobuf", encoding, headers = {} } = ask;
  const {
    status,
    headers: answered,
    body,
  } = await rawHttp(url, {
    path: signals[signal].httpPath,
    body: ask.body ?? requestOf(signal, format),
    headers: {
      "content-type": contentTypes[format],
      ...(encoding === undefined ? {} : { "content-encoding": encoding }),
      ...headers,
    },
  });
  const taken = status === 200;
  // D-04, D-12: the answer is in the encoding of the request, a Status when it is a refusal.
  if (answered["content-type"] !== contentTypes[format]) {
    throw new Error(`a ${status} to ${format} has the content type ${answered["content-type"]}`);
  }
  // A limit on answers may be so low that not even a Status fits.
  const said = taken || body.length === 0 ? undefined : readStatus(body, format);
  const wait = answered["retry-after"];
  return {
    code: status,
    taken,
    retryable: retryableStatuses.has(status),
    message: said?.message ?? "",
    retryAfterMs: wait === undefined ? undefined : Number(wait) * 1000,
    body,
  };
}

async function askGrpc(url: string, ask: Ask): Promise<Told> {
  const { signal = "traces", encoding, headers = {} } = ask;
  const client = rawGrpc(url);
  try {
    const answer = await client.call({
      path: signals[signal].grpcPath,
      message: ask.body ?? requestOf(signal),
      ...(encoding === undefined ? {} : { encoding }),
      headers,
    });
    const details = answer.details && readStatus(answer.details, "protobuf");
    // B-17: the Status in the details says the same as the trailers.
    if (details && details.code !== answer.status) {
      throw new Error(`grpc-status is ${answer.status}, and the details say ${details.code}`);
    }
    const waits = details?.retryAfterMs !== undefined;
    return {
      code: answer.status,
      taken: answer.status === 0,
      retryable: retryableCodes.has(answer.status) || (answer.status === 8 && waits),
      message: answer.message,
      retryAfterMs: details?.retryAfterMs,
      body: answer.body ?? new Uint8Array(),
    };
  } finally {
    await client.close();
  }
}
