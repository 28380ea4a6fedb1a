import type { BatchOptions } from "@otlpkit/batcher";
import type { ByteBudget, Compressor, Middleware, Transport } from "@otlpkit/core";
import type { PlatformFacts } from "../settings/default-resource.ts";
import type { EnvironmentOptions } from "../settings/environment-options.ts";
import type { SignalSettings } from "../settings/settings.ts";

/** What all transports of a client have in common. */
export interface TransportSurroundings {
  readonly onWarning: (warning: string) => void;
  /** What may be under way when the page is left: a browser counts all requests of a page together. Default: its own. */
  readonly leaving?: ByteBudget;
}

/** What the client needs from the place where it runs. `#platform` is the one for Node or the one for everywhere else. */
export interface Platform {
  /** What a resource says about the place. */
  readonly facts: PlatformFacts;
  /** What variables say: those given, or those of the process. Nothing where there is no such thing. */
  environment(
    given: Readonly<Record<string, string | undefined>> | undefined,
    warn: (warning: string) => void,
  ): EnvironmentOptions;
  /** The way to an endpoint that `settings.protocol` names. What is heavy is loaded at the first request. */
  transport(settings: SignalSettings, around: TransportSurroundings): Transport;
  /** The coding of this name. @throws RangeError if there is none of this name here. */
  compressor(name: "gzip" | "zstd" | "br" | "deflate"): Compressor;
  /** The batching stage. In pages it leaves batches whole, which is a third of its size: chunks are small there anyway. */
  readonly batch: (options: BatchOptions) => Middleware;
  /** A recorded item closes its chunk at so many bytes, so that a chunk fits whatever must take it in one piece. */
  readonly chunkBytes: number;
  /** Runs something later, without holding up the end of the process; returns what cancels it. */
  readonly later: (run: () => void, delayMs: number) => () => void;
  /** Keeps the process from ending until the returned function is called: somebody awaits something that only a timer ends. */
  hold(): () => void;
  /** Runs things in the context that is current now, not in that of the request which happens to record something. */
  detached(): <Result>(run: () => Result) => Result;
  /** After `beforeEnd` calls, only what happens at once is sure to happen. */
  readonly endsAbruptly: boolean;
  /** Calls when the program has nothing left to do, or may soon be stopped without notice; returns what ends that. */
  beforeEnd(flush: () => void): () => void;
}
