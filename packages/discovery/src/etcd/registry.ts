import { type Endpoint, ExportError, type Registry } from "@otlpkit/core";
import type { Manner } from "../found.ts";
import { timeOf } from "../time.ts";
import { type Follow, watching, type WatchOptions } from "../watching.ts";
import { checkConnect, etcdClient, type EtcdClient } from "./client.ts";
import { endpointIn } from "./instance.ts";
import { keyAfter, keyOf, prefixEnd, textOf } from "./keys.ts";
import { type Header, type KeyValue, range } from "./messages.ts";
import type { EtcdConnectOptions } from "./options.ts";
import { watchFrom, type WatchFrom } from "./watch-from.ts";

/** Options of {@link etcdRegistry}. */
export interface EtcdRegistryOptions extends EtcdConnectOptions, WatchOptions, Manner {
  /** Comes before the service in keys, with its slash at the end. Default "/otlp/services/". */
  readonly prefix?: string;
  /** Keys that are read at a time. Default 500. */
  readonly pageSize?: number;
}

/**
 * Finds the instances of a service in etcd v3, each under a key of its own: reads them all at one revision and then
 * follows from the next, so that nothing is missed between. A lost stream goes on where it ended, at another member; when
 * etcd has given up the history up to there, or another cluster answers, everything is read again.
 *
 * @param service Whose instances to find: keys that begin with `prefix`, this and a slash.
 * @throws ExportError "rejected" for endpoints that are no URLs, and a password that would be readable on the way.
 */
export function etcdRegistry(service: string, options: EtcdRegistryOptions): Registry {
  checkConnect(options);
  return {
    name: "etcd",
    async *watch(signal) {
      const client = etcdClient(options, timeOf(options));
      try {
        yield* watching("etcd", options, following(client, service, options)).watch(signal);
      } finally {
        client.close();
      }
    },
  };
}

/** What is known, and up to where. */
interface Known {
  /** By key; undefined where something lies that is no endpoint. */
  readonly endpoints: Map<string, Endpoint | undefined>;
  readonly clusterId: bigint;
  revision: bigint;
}

function following(client: EtcdClient, service: string, options: EtcdRegistryOptions): Follow {
  const { prefix = "/otlp/services/", pageSize = 500, timeoutMs = 5_000 } = options;
  const begin = `${prefix}${service}/`;
  const key = keyOf(begin);
  const rangeEnd = prefixEnd(key);
  let known: Known | undefined;
  let refused = false;

  /** All keys as they were at one revision. */
  async function readAll(signal: AbortSignal): Promise<Known> {
    const endpoints: Known["endpoints"] = new Map();
    let from = key;
    let at: Header | undefined;
    for (;;) {
      // Without a revision, the first page says which it is.
      const request = { key: from, rangeEnd, limit: BigInt(pageSize), revision: at?.revision ?? 0n };
      const { header, kvs, more } = await client.call(range, request, signal);
      if (header === undefined) throw new ExportError("bad-response", "etcd has answered without a header");
      at ??= header;
      for (const kv of kvs) put(endpoints, kv);
      const last = kvs.at(-1);
      if (!more || last === undefined) return { endpoints, revision: at.revision, clusterId: at.clusterId };
      from = keyAfter(last.key);
    }
  }

  function put(endpoints: Known["endpoints"], { key: at, value }: KeyValue): void {
    const name = textOf(at);
    endpoints.set(name, endpointIn(textOf(value), name.slice(begin.length), options));
  }

  return async (tell, signal, time) => {
    const resumed = known !== undefined;
    if (known === undefined) {
      known = await readAll(signal);
      tell(known.endpoints.values());
    }
    const at = known;
    const moved = new AbortController();
    const from: WatchFrom = {
      key,
      rangeEnd,
      startRevision: at.revision + 1n,
      timeoutMs,
      onCreated(header) {
        refused = false;
        // Restored from a backup, or another cluster: that revision may not come for a long time, or tell of others.
        if (header.clusterId !== at.clusterId || (resumed && header.revision < at.revision)) moved.abort();
        else tell(at.endpoints.values());
      },
      onEvents(events, header) {
        for (const { type, kv } of events) {
          if (kv === undefined) continue;
          if (type === 0) put(at.endpoints, kv);
          else at.endpoints.delete(textOf(kv.key));
        }
        at.revision = header.revision;
        tell(at.endpoints.values());
      },
    };
    const end = await watchFrom(client, from, AbortSignal.any([signal, moved.signal]), time);
    if (moved.signal.aborted || end.why === "compacted") {
      known = undefined;
    } else if (end.why === "token" && !refused) {
      refused = true;
      client.renewToken();
    } else if (end.why === "token") {
      throw new ExportError("forbidden", `etcd does not let this user watch ${begin}; its role needs that prefix`);
    } else {
      client.leaveMember();
      throw end.error;
    }
  };
}
