import type { Endpoint } from "./endpoint.ts";

/** Knows which endpoints there are: a fixed list, a file, DNS, Consul, Kubernetes, etcd, Eureka. */
export interface Registry {
  /** Names it in messages and metrics: "consul", "dns". */
  readonly name: string;
  /**
   * The whole list as soon as it is known, and again whenever it has changed, until `signal` aborts; then the iteration
   * ends without an error and every socket, timer and file of the watch is let go.
   *
   * A list holds each id once, sorted by id, and is not repeated while nothing in it changes. A source that cannot be
   * reached is no reason for an empty list or an error: the last good list stands, and the watch tries again. An empty
   * list is yielded when the source itself says so.
   */
  watch(signal: AbortSignal): AsyncIterable<readonly Endpoint[]>;
}

/** What is to be found by others: who we are and where. */
export interface Registration {
  /** Name of the service that others ask for: "otlp-relay". */
  readonly service: string;
  /** Where we can be reached. Its `id` tells us from others of the same service, and stays the same over a restart. */
  readonly endpoint: Endpoint & { readonly id: string };
}

/** Tells others where we are. */
export interface Registrar {
  /** Names it in messages and metrics: "consul", "etcd". */
  readonly name: string;
  /**
   * Registers, and keeps it alive until it is closed: again when the source forgot us, with backoff while it cannot be
   * reached. Resolves when the source has taken it for the first time; throws {@link ExportError} when it says that it
   * never will, or when `signal` aborts before.
   */
  register(registration: Registration, signal?: AbortSignal): Promise<Registered>;
}

/** A registration that stands. */
export interface Registered {
  /** Says that we are about to go, so that others send nothing new. Safe to call twice. */
  drain(): Promise<void>;
  /** Takes the registration back and lets go of sockets and timers. Safe to call twice. */
  close(): Promise<void>;
}
