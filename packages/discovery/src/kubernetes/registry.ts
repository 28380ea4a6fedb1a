import { ExportError, type Registry } from "@otlpkit/core";
import { type Time, timeOf } from "../time.ts";
import { type Follow, watching, type WatchOptions } from "../watching.ts";
import type { KubernetesAccess } from "./access.ts";
import { kubernetesApi, type KubernetesApi } from "./api.ts";
import { endpointsIn, type EndpointSlice, type SliceOptions } from "./endpoint-slice.ts";
import { inCluster } from "./in-cluster.ts";
import { lines } from "./lines.ts";

/** Options of {@link kubernetesRegistry}. */
export interface KubernetesRegistryOptions extends WatchOptions, SliceOptions {
  /** Where the Service is. Default: the namespace that we are in ourselves. */
  readonly namespace?: string;
  /** How the API server is reached. Default `inCluster()`. */
  readonly access?: KubernetesAccess;
  /** Send the token over connections that anybody in between can read. Default false. */
  readonly allowCleartext?: boolean;
  /** Time for one answer, and for a watch to begin. Default 30,000. */
  readonly timeoutMs?: number;
  /** Slices that are read at a time. Default 500. */
  readonly pageSize?: number;
  /** The API server ends a watch after a time between this and twice as much, and we begin the next. Default 300. */
  readonly watchSeconds?: number;
  /** A watch that has not ended so long after it should have is on a dead connection, and begun again. Default 30,000. */
  readonly watchGraceMs?: number;
  /** The longest event that is read. Default 4 MiB. */
  readonly maxEventBytes?: number;
}

/**
 * Finds the pods behind a Service by its EndpointSlices: reads them all and then watches from there. A watch that ends goes
 * on where it ended; when the API server has given up that history (410, which it says in two ways), all are read again.
 *
 * Needs the verbs `list` and `watch` on `endpointslices` (discovery.k8s.io) in the namespace.
 *
 * @param service The Service whose pods to find; one without a cluster IP (headless) does just as well.
 */
export function kubernetesRegistry(service: string, options: KubernetesRegistryOptions = {}): Registry {
  const { access = inCluster(), allowCleartext = false, timeoutMs = 30_000 } = options;
  return {
    name: "kubernetes",
    async *watch(signal) {
      const time = timeOf(options);
      const api = kubernetesApi(access, allowCleartext, timeoutMs, time);
      try {
        yield* watching("kubernetes", options, following(api, service, options)).watch(signal);
      } finally {
        api.close();
      }
    },
  };
}

/** What is known, and up to where. */
interface Known {
  readonly slices: Map<string, EndpointSlice>;
  /** Means something to the API server only. */
  version: string;
}

function following(api: KubernetesApi, service: string, options: KubernetesRegistryOptions): Follow {
  const { namespace, pageSize = 500, watchSeconds = 300, watchGraceMs = 30_000, maxEventBytes = 4 << 20 } = options;
  let known: Known | undefined;

  const path = (query: Readonly<Record<string, string>>) => (own: string) => {
    const where = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace ?? own)}/endpointslices`;
    return `${where}?${new URLSearchParams({ labelSelector: `kubernetes.io/service-name=${service}`, ...query })}`;
  };

  /** All slices; from the start again when the API server has given up the list while we were turning pages. */
  async function list(signal: AbortSignal): Promise<Known> {
    const slices = new Map<string, EndpointSlice>();
    let next = "";
    for (;;) {
      const query = { limit: String(pageSize), ...(next === "" ? {} : { continue: next }) };
      const answer = await api.ask({ path: path(query), verb: "list", signal });
      if (answer.status === 410) throw expired();
      const page = answer.json() as SliceList;
      for (const slice of page.items ?? []) slices.set(nameOf(slice), slice);
      next = page.metadata?.continue ?? "";
      const version = page.metadata?.resourceVersion;
      if (version === undefined) throw new ExportError("bad-response", "the API server has answered with no list");
      if (next === "") return { slices, version };
    }
  }

  async function watch(at: Known, changed: () => void, signal: AbortSignal, time: Time): Promise<void> {
    const seconds = Math.round(watchSeconds * (1 + time.random()));
    // A connection may die without a word; by then the API server should have ended the watch itself.
    const deadline = new AbortController();
    const cancelDeadline = time.setTimer(() => deadline.abort(), seconds * 1000 + watchGraceMs);
    const query = {
      watch: "1",
      resourceVersion: at.version,
      allowWatchBookmarks: "true",
      timeoutSeconds: String(seconds),
    };
    try {
      const either = AbortSignal.any([signal, deadline.signal]);
      const stream = await api.open({ path: path(query), verb: "watch", signal: either });
      if (stream.status === 410) throw expired();
      // From here on what we know is confirmed.
      changed();
      for await (const line of lines(stream.body, maxEventBytes)) apply(at, line, changed);
    } catch (error) {
      if (!deadline.signal.aborted) throw error;
      throw new ExportError("timeout", "the API server has not ended a watch when it should; is the connection dead?");
    } finally {
      cancelDeadline();
    }
  }

  return async (tell, signal, time) => {
    try {
      if (known === undefined) {
        known = await list(signal);
        tell(endpointsIn(known.slices.values(), options));
      }
      const at = known;
      await watch(at, () => tell(endpointsIn(at.slices.values(), options)), signal, time);
    } catch (error) {
      const cause = ExportError.is(error) ? error.cause : undefined;
      if (cause === expiredCause || cause === unsureCause) known = undefined;
      // That history has been given up is no failure: the list stays right until it has been read again.
      if (cause !== expiredCause) throw error;
    }
  };
}

interface SliceList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly EndpointSlice[];
}

interface WatchEvent {
  readonly type?: string;
  readonly object?: EndpointSlice & {
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly details?: { readonly retryAfterSeconds?: number } | null;
  };
}

function apply(at: Known, line: string, changed: () => void): void {
  const { type, object } = eventOf(line);
  const version = object?.metadata?.resourceVersion;
  if (type === "ERROR" || object === undefined) throw statusError(object);
  if (type === "ADDED" || type === "MODIFIED") at.slices.set(nameOf(object), object);
  else if (type === "DELETED") at.slices.delete(nameOf(object));
  // A bookmark says how far we are, and a kind of event that we do not know says at least that.
  if (version !== undefined) at.version = version;
  changed();
}

function eventOf(line: string): WatchEvent {
  try {
    return JSON.parse(line) as WatchEvent;
  } catch {
    throw new ExportError("bad-response", "the API server has sent a line that is no JSON", { retryable: true });
  }
}

/** An error in the middle of a watch whose answer had begun with 200. */
function statusError(status: WatchEvent["object"]): ExportError {
  const { code = 0, reason = "", details } = status ?? {};
  if (code === 410 || reason === "Expired" || reason === "Gone") return expired();
  const message = `the API server has ended the watch with an error (${code} ${reason})`;
  if (code === 429 || code === 504) {
    return new ExportError("overloaded", message, { retryAfterMs: (details?.retryAfterSeconds ?? 0) * 1000 });
  }
  return new ExportError("unavailable", message, { cause: unsureCause });
}

function nameOf({ metadata }: EndpointSlice): string {
  return metadata?.name ?? "";
}

const expiredCause = Symbol("expired");
/** Who knows whether what we have is still right; it is read again. */
const unsureCause = Symbol("unsure");

function expired(): ExportError {
  return new ExportError("unavailable", "the API server has given up the history that was asked for (410)", {
    cause: expiredCause,
  });
}
