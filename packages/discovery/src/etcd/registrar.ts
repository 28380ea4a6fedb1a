import { ExportError, type Registrar } from "@otlpkit/core";
import { keeping, type KeepOptions, registrable } from "../keeping.ts";
import { checkConnect, etcdClient } from "./client.ts";
import { valueOf } from "./instance.ts";
import { keyOf } from "./keys.ts";
import { leaseGrant, leaseKeepAlive, leaseRevoke, put, range } from "./messages.ts";
import type { EtcdConnectOptions } from "./options.ts";
import { isLeaseGone } from "./status.ts";

/** Options of {@link etcdRegistrar}. */
export interface EtcdRegistrarOptions extends EtcdConnectOptions, KeepOptions {
  /** Comes before the service in keys, with its slash at the end. Default "/otlp/services/". */
  readonly prefix?: string;
  /** How long the key outlives us when we die without a word. etcd may make it longer. Default 15. */
  readonly ttlSeconds?: number;
}

/**
 * Registers in etcd v3 under `PREFIX SERVICE/ID`, with a lease that is renewed three times as often as needed. When the
 * lease is over (etcd says so with a time to live of 0, and no error) or the key is gone, it is put again with a new one.
 * Draining changes the value; closing revokes the lease, and the key goes with it.
 *
 * @throws ExportError "rejected" for endpoints that are no URLs, and a password that would be readable on the way;
 * RangeError for a time to live that is none.
 */
export function etcdRegistrar(options: EtcdRegistrarOptions): Registrar {
  const { prefix = "/otlp/services/", ttlSeconds = 15 } = options;
  checkConnect(options);
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1) {
    throw new RangeError(`etcdRegistrar: ttlSeconds must be a whole number from 1, not ${ttlSeconds}`);
  }
  return keeping("etcd", options, ({ service, endpoint }, time) => {
    registrable(endpoint, "etcd");
    const client = etcdClient(options, time);
    const key = keyOf(`${prefix}${service}/${endpoint.id}`);
    let lease: { readonly id: bigint; readonly ttlMs: number } | undefined;
    let confirmedMs = 0;

    const value = (draining: boolean): Uint8Array => keyOf(valueOf(endpoint, draining));

    async function putAnew(draining: boolean, signal: AbortSignal): Promise<void> {
      const askedMs = time.now();
      const granted = await client.call(leaseGrant, { ttlSeconds: BigInt(ttlSeconds) }, signal);
      lease = { id: granted.id, ttlMs: Number(granted.ttlSeconds) * 1000 };
      confirmedMs = askedMs;
      try {
        await client.call(put, { key, value: value(draining), lease: granted.id }, signal);
      } catch (cause) {
        if (!ExportError.is(cause) || !isLeaseGone(cause)) throw cause;
        throw new ExportError("unavailable", "the lease that etcd gave was over before it could be used", { cause });
      }
    }

    return {
      get beatMs() {
        return (lease?.ttlMs ?? ttlSeconds * 1000) / 3;
      },
      put: putAnew,
      async beat(signal) {
        // By our own clock too: after so long a silence it is over, whatever a member that lags behind may say.
        if (lease === undefined || time.now() - confirmedMs > lease.ttlMs) return "forgotten";
        const { id } = lease;
        const askedMs = time.now();
        const kept = await client.call(leaseKeepAlive, { id }, signal);
        if (kept.ttlSeconds <= 0n) return "forgotten";
        lease = { id, ttlMs: Number(kept.ttlSeconds) * 1000 };
        confirmedMs = askedMs;
        // The lease may live on while somebody has deleted the key.
        const { kvs } = await client.call(range, { key, keysOnly: true }, signal);
        return kvs.length === 0 ? "forgotten" : "kept";
      },
      async drain(signal) {
        if (lease === undefined) return putAnew(true, signal);
        try {
          await client.call(put, { key, value: value(true), lease: lease.id }, signal);
        } catch (error) {
          if (!ExportError.is(error) || !isLeaseGone(error)) throw error;
          await putAnew(true, signal);
        }
      },
      async remove(signal) {
        if (lease === undefined) return;
        try {
          await client.call(leaseRevoke, { id: lease.id }, signal);
        } catch (error) {
          if (!ExportError.is(error) || !isLeaseGone(error)) throw error;
        }
      },
      close: () => client.close(),
    };
  });
}
