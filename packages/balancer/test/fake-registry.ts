import type { Endpoint, Registry } from "@otlpkit/core";

/** A registry that says what it is told to say. */
export interface FakeRegistry extends Registry {
  /** The list is now this one. Endpoints may be given by their ids. */
  say(...endpoints: readonly (string | Endpoint)[]): void;
  /** The watch throws. */
  fail(error: Error): void;
  /** Watches under way. */
  readonly watches: number;
}

export function fakeRegistry(...first: readonly (string | Endpoint)[]): FakeRegistry {
  let latest: readonly Endpoint[] | undefined = first.length > 0 ? first.map(endpointOf) : undefined;
  const watchers = new Set<{ wake: () => void; error?: Error }>();
  return {
    name: "fake",
    async *watch(signal) {
      let seen: readonly Endpoint[] | undefined;
      const watcher: { wake: () => void; error?: Error } = { wake: () => {} };
      watchers.add(watcher);
      try {
        while (!signal.aborted) {
          if (watcher.error !== undefined) throw watcher.error;
          if (latest !== undefined && latest !== seen) {
            seen = latest;
            yield seen;
            continue;
          }
          await new Promise<void>((resolve) => {
            watcher.wake = resolve;
            signal.addEventListener("abort", () => resolve(), { once: true });
          });
        }
      } finally {
        watchers.delete(watcher);
      }
    },
    say(...endpoints) {
      latest = endpoints.map(endpointOf);
      for (const { wake } of watchers) wake();
    },
    fail(error) {
      for (const watcher of watchers) {
        watcher.error = error;
        watcher.wake();
      }
    },
    get watches() {
      return watchers.size;
    },
  };
}

function endpointOf(endpoint: string | Endpoint): Endpoint {
  return typeof endpoint === "string" ? { id: endpoint, url: `http://${endpoint}:4317` } : endpoint;
}
