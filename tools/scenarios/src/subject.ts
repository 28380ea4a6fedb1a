import type { Items } from "./items.ts";
import type { Start } from "./program/start-program.ts";

/** How a subject talks to its backend. */
export type Protocol = "grpc" | "http/protobuf" | "http/json";

export const protocols: readonly Protocol[] = ["grpc", "http/protobuf", "http/json"];

/** PEM texts. */
export interface Tls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What a user may say. A subject throws {@link NoSuchOption} for what its users cannot say, and leaves the rest at its defaults. */
export interface SubjectOptions {
  /** Default: traces. */
  readonly signal?: Items["signal"];
  /** Where the backend is, without a path for HTTP; the adapter says it the way the subject's users do. */
  readonly url?: string;
  /** The whole URL of the signal. */
  readonly signalUrl?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly compression?: "gzip" | "none";
  /** For the whole export. */
  readonly timeoutMs?: number;
  readonly tls?: Tls;
  readonly userAgent?: string;
  readonly maxConnections?: number;
  /** Requests under way. */
  readonly maxConcurrent?: number;
  readonly maxRequestBytes?: number;
  readonly maxResponseBytes?: number;
  readonly maxBatchItems?: number;
  readonly maxQueueItems?: number;
  /** Recorded items wait no longer. */
  readonly maxAgeMs?: number;
  /** Leave the protocol to the environment. */
  readonly protocolByEnvironment?: boolean;
  /** Variables that the process has, beside its own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What the caller of a method was told. */
export interface Outcome {
  readonly ok: boolean;
  /** Why not, or "". */
  readonly message: string;
  readonly tookMs: number;
}

/** What the user can read from counters; undefined: nobody counts that. */
export interface Counts {
  readonly delivered: number | undefined;
  /** Given up, refused for good or never taken. */
  readonly lost: number | undefined;
}

/** Something that carries telemetry to a backend, as its users have it in hand. */
export interface Subject {
  /** Hands over items at once, past everything that batches, and waits for what became of them. */
  export(items: Items): Promise<Outcome>;
  /** Gives items one by one to what batches them. Must neither wait nor throw. */
  record(items: Items): void;
  /** Sends what is held. `timeoutMs`: wait no longer. */
  flush(timeoutMs?: number): Promise<Outcome>;
  /** Ends it; what is held goes first. `timeoutMs`: take no longer. */
  shutdown(timeoutMs?: number): Promise<Outcome>;
  counts(): Promise<Counts>;
}

/** How to come by a subject. */
export interface SubjectKind {
  /** As the table calls it. */
  readonly name: string;
  /** With the version of its packages. */
  readonly version: string;
  /** A processor hands batches to an exporter by a contract of its own; false: it sends by itself. */
  readonly processorCallsExporter: boolean;
  /** Makes one. What it has to say to its user afterwards goes to `report`, a line each. */
  make(protocol: Protocol, options: SubjectOptions, report: (line: string) => void): Subject;
  /** What makes a program without a set-up of its own export what it tells the OpenTelemetry API; undefined: there is none. */
  readonly start: Start | undefined;
}

/** The subject has no way to say this. */
export class NoSuchOption extends Error {
  override readonly name = "NoSuchOption";
}
