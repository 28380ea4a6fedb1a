import { type Endpoint, ExportError, type Registry } from "@otlpkit/core";
import type { Manner } from "../found.ts";
import { type Follow, watching, type WatchOptions } from "../watching.ts";
import { etcdClient, type EtcdClient } from "./client.ts";
import { endpointIn } from "./instance.ts";
import { keyAfter, keyOf, prefixEnd, textOf } from "./keys.ts";
import { type KeyValue, range } from "./messages.ts";
import type { EtcdConnectOptions } from "./options.ts";
import { isCompacted } from "./status.ts";
import { watchFrom } from "./watch-from.ts";

/** Options of {@link etcdRegistry}. */
export interface EtcdRegistryOptions extends EtcdConnectOptions, WatchOptions, Manner {
  /** Whose instances to find: keys that begin with `prefix`, this and a slash. */
  readonly service: string;
  /** Comes before the service in keys, with its slash at the end. Default "/otlp/services/". */
  readonly prefix?: string;
  /** Keys that are read at a time. Default 500. */
  readonly pageSize?: number;
}

// Streams that held so long are resumed where they ended; others begin anew, after a pause.
const resumableMs = 1_000;

/**
 * Finds the instances of a service in etcd v3, each under a key of its own: reads them all at one revision and then
 * follows from the next, so that nothing is missed between. A lost stream goes on where it ended, at another member; when
 * etcd has given up the history up to there, or another cluster answers, everything is read again.
 *
 * @throws ExportError "rejected" for endpoints that are no URLs, and a password that would be readable on the way.
 */
export function etcdRegistry(options: EtcdRegistryOptions): Registry {
  const { service, prefix = "/otlp/services/", pageSize = 500, timeoutMs = 5_000 } = options;
  const key = keyOf(`${prefix}${service}/`);
  const rangeEnd = prefixEnd(key);

  const follow: Follow = async (tell, signal, time) => {
    const client = etcdClient(options, time);
    try {
      for (;;) await readAndWatch(client, tell, signal, time);
    } finally {
      client.close();
    }
  };

  /** Returns when everything is to be read again at once. */
  const readAndWatch = async (...[client, tell, signal, time]: [EtcdClient, ...Parameters<Follow>]): Promise<void> => {
    const keys = await readAll(client, signal);
    let { revision } = keys;
    const { clusterId } = keys;
    tell(keys.endpoints.values());
    let freshToken = false;
    let resumed = false;
    for (; ; resumed = true) {
      let stale = false;
      let beganMs = time.now();
      const session = new AbortController();
      const end = await watchFrom(
        client,
        {
          key,
          rangeEnd,
          startRevision: revision + 1n,
          timeoutMs,
          onCreated(header) {
            beganMs = time.now();
            // Restored from a backup, or another cluster: that revision may not come for a long time, or tell of others.
            stale = header.clusterId !== clusterId || (resumed && header.revision < revision);
            if (stale) session.abort();
          },
          onEvents(events, header) {
            for (const { type, kv } of events) {
              if (kv === undefined) continue;
              if (type === 0) put(keys.endpoints, kv);
              else keys.endpoints.delete(textOf(kv.key));
            }
            revision = header.revision;
            tell(keys.endpoints.values());
          },
        },
        AbortSignal.any([signal, session.signal]),
        time,
      );
      signal.throwIfAborted();
      if (stale || end.why === "compacted") {
        if (resumed) return;
        throw new ExportError("unavailable", "etcd gives up history as fast as it is read");
      }
      if (end.why === "token") {
        if (freshToken) throw new ExportError("forbidden", `etcd does not let this user watch ${prefix}${service}/`);
        client.renewToken();
        freshToken = true;
        continue;
      }
      client.leaveMember();
      if (time.now() - beganMs < resumableMs) throw end.error;
      freshToken = false;
    }
  };

  /** All keys as they were at one revision. */
  async function readAll(client: EtcdClient, signal: AbortSignal): Promise<Snapshot> {
    for (;;) {
      const endpoints = new Map<string, Endpoint | undefined>();
      let from = key;
      let at: { readonly revision: bigint; readonly clusterId: bigint } | undefined;
      try {
        for (;;) {
          const request = { key: from, rangeEnd, limit: BigInt(pageSize), revision: at?.revision ?? 0n };
          const { header, kvs, more } = await client.call(range, request, signal);
          if (header === undefined) throw new ExportError("bad-response", "etcd has answered without a header");
          at ??= header;
          for (const kv of kvs) put(endpoints, kv);
          const last = kvs.at(-1);
          if (!more || last === undefined) return { endpoints, revision: at.revision, clusterId: at.clusterId };
          from = keyAfter(last.key);
        }
      } catch (error) {
        // While we were turning pages. The next reading begins at what is there now.
        if (!ExportError.is(error) || !isCompacted(error) || at === undefined) throw error;
      }
    }
  }

  function put(endpoints: Map<string, Endpoint | undefined>, { key: at, value }: KeyValue): void {
    const name = textOf(at);
    endpoints.set(name, endpointIn(textOf(value), name.slice(prefix.length + service.length + 1), options));
  }

  return watching("etcd", options, follow);
}

interface Snapshot {
  /** By key; undefined where something lies that is no endpoint. */
  readonly endpoints: Map<string, Endpoint | undefined>;
  readonly revision: bigint;
  readonly clusterId: bigint;
}
