import type { Event, Header, KeyValue, RangeRequest, RangeResponse } from "../../src/etcd/messages.ts";

/** The keys of the fake: all revisions of them, and leases. */
export interface EtcdStore {
  readonly header: Header;
  range(request: RangeRequest): RangeResponse | "compacted" | "future";
  /** Fails with false when there is no such lease. */
  put(key: Uint8Array, value: Uint8Array, lease: bigint): boolean;
  deleteRange(key: Uint8Array, rangeEnd: Uint8Array): void;
  /** Gives up all history before now. */
  compact(): void;
  readonly compactRevision: bigint;
  /** What has happened since, that revision included, to these keys. */
  since(revision: bigint, key: Uint8Array, rangeEnd: Uint8Array): readonly Event[];
  grant(ttlSeconds: bigint): { readonly id: bigint; readonly ttlSeconds: bigint };
  /** The time to live again; 0 when there is no such lease. */
  keepAlive(id: bigint): bigint;
  /** False when there is no such lease. */
  revoke(id: bigint): boolean;
  readonly leases: readonly bigint[];
  /** As it was so many revisions ago, as after a backup is restored; into the same cluster, or another. */
  restoreBackup(revisionsBack: bigint, clusterId?: bigint): void;
  /** Told after each change. */
  onChange: () => void;
  close(): void;
}

/** Bytes as text of one letter each, which sorts as the bytes do. */
function plain(key: Uint8Array): string {
  return Buffer.from(key).toString("latin1");
}

/** Whether a key is `key`, or from there to below `rangeEnd`; "\0" is without end. */
function within(at: Uint8Array, key: Uint8Array, rangeEnd: Uint8Array): boolean {
  if (rangeEnd.byteLength === 0) return plain(at) === plain(key);
  return plain(at) >= plain(key) && (plain(rangeEnd) === "\0" || plain(at) < plain(rangeEnd));
}

/** Shorter times to live than this are raised to it, as etcd does. */
const shortestTtlSeconds = 1n;

export function etcdStore(): EtcdStore {
  let clusterId = 7n;
  let revision = 1n;
  let compactRevision = 0n;
  let history: Event[] = [];
  let lastLease = 7_587_872_900_000_000_000n;
  const leases = new Map<bigint, { readonly ttlSeconds: bigint; timer: NodeJS.Timeout }>();

  const at = (until: bigint): Map<string, KeyValue> => {
    const keys = new Map<string, KeyValue>();
    for (const { type, kv } of history) {
      if (kv === undefined || kv.modRevision > until) continue;
      if (type === 0) keys.set(plain(kv.key), kv);
      else keys.delete(plain(kv.key));
    }
    return keys;
  };
  const remove = (doomed: readonly KeyValue[]): void => {
    if (doomed.length === 0) return;
    revision++;
    for (const { key } of doomed) {
      history.push({ type: 1, kv: { key, value: new Uint8Array(), lease: 0n, modRevision: revision } });
    }
    store.onChange();
  };
  const revoke = (id: bigint): boolean => {
    const lease = leases.get(id);
    if (lease === undefined) return false;
    clearTimeout(lease.timer);
    leases.delete(id);
    remove([...at(revision).values()].filter((kv) => kv.lease === id));
    return true;
  };
  const timer = (id: bigint, ttlSeconds: bigint): NodeJS.Timeout =>
    setTimeout(() => revoke(id), Number(ttlSeconds) * 1000);

  const store: EtcdStore = {
    get header() {
      return { clusterId, revision };
    },
    get compactRevision() {
      return compactRevision;
    },
    get leases() {
      return [...leases.keys()];
    },
    onChange: () => {},
    range({ key, rangeEnd, limit, revision: wanted, keysOnly }) {
      if (wanted !== 0n && wanted < compactRevision) return "compacted";
      if (wanted > revision) return "future";
      const all = [...at(wanted === 0n ? revision : wanted)]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([, kv]) => kv)
        .filter((kv) => within(kv.key, key, rangeEnd));
      const kvs = limit === 0n ? all : all.slice(0, Number(limit));
      return {
        header: store.header,
        kvs: keysOnly ? kvs.map((kv) => ({ ...kv, value: new Uint8Array() })) : kvs,
        more: kvs.length < all.length,
      };
    },
    put(key, value, lease) {
      if (lease !== 0n && !leases.has(lease)) return false;
      revision++;
      history.push({ type: 0, kv: { key, value, lease, modRevision: revision } });
      store.onChange();
      return true;
    },
    deleteRange(key, rangeEnd) {
      remove([...at(revision).values()].filter((kv) => within(kv.key, key, rangeEnd)));
    },
    compact() {
      compactRevision = revision;
    },
    since: (from, key, rangeEnd) =>
      history.filter(({ kv }) => kv !== undefined && kv.modRevision >= from && within(kv.key, key, rangeEnd)),
    grant(asked) {
      const ttlSeconds = asked < shortestTtlSeconds ? shortestTtlSeconds : asked;
      const id = ++lastLease;
      leases.set(id, { ttlSeconds, timer: timer(id, ttlSeconds) });
      return { id, ttlSeconds };
    },
    keepAlive(id) {
      const lease = leases.get(id);
      if (lease === undefined) return 0n;
      clearTimeout(lease.timer);
      lease.timer = timer(id, lease.ttlSeconds);
      return lease.ttlSeconds;
    },
    revoke,
    restoreBackup(revisionsBack, cluster = clusterId) {
      revision -= revisionsBack;
      clusterId = cluster;
      history = history.filter(({ kv }) => kv !== undefined && kv.modRevision <= revision);
    },
    close() {
      for (const { timer } of leases.values()) clearTimeout(timer);
      leases.clear();
    },
  };
  return store;
}
