import { ExportError } from "@otlpkit/core";
import { sameSecrets, type Secret, type Secrets } from "../secret.ts";
import type { SecretSource } from "../secret-source.ts";
import { watching } from "../watching.ts";
import { vaultPath } from "./address.ts";
import { backoffMs, type Clock, isCut, renewAfterMs } from "./clock.ts";
import type { VaultRequest } from "./exchange.ts";
import { durationAt, objectAt, secretsOf } from "./fields.ts";
import { orAborted } from "./polled.ts";

type Json = Readonly<Record<string, unknown>>;

export interface LeasedOptions {
  readonly path: string;
  readonly authorized: (request: VaultRequest) => Promise<Json>;
  /** The token that is good now: what was leased with another has ended, or will soon. */
  readonly token: () => Secret | undefined;
  readonly clock: Clock;
  readonly onError: (error: ExportError) => void;
  /** The client is closed. */
  readonly closing: AbortSignal;
}

/** Secrets that Vault has made for us and takes back: a user of a database, for instance. */
export interface Leased extends SecretSource<Secrets> {
  /** The token has changed, and what the old one leased ends with it: new ones are asked for. */
  replace(): void;
  /** Gives back what has not ended. */
  close(): Promise<void>;
}

interface Lease {
  readonly secrets: Secrets;
  readonly id: string;
  readonly leaseMs: number;
  readonly renewable: boolean;
  readonly by: Secret | undefined;
  endsMs: number;
  /** It was given less than it asked for: it has come near its longest life, and asking again is of no use. */
  atItsLongest: boolean;
}

/** Gets secrets with a lease when they are first asked for, renews the lease, and gets others when it cannot be renewed. */
export function leased(options: LeasedOptions): Leased {
  const { path, authorized, token, clock, onError, closing } = options;
  const wakers = new Set<() => void>();
  // Also those that were replaced: whoever still uses them may go on until they end.
  const leases = new Set<Lease>();
  let current: Lease | undefined;
  let flight: Promise<Lease> | undefined;
  let failures = 0;
  let closed = false;
  let cancelTimer = (): void => {};

  function obtain(): Promise<Lease> {
    flight ??= attempt().finally(() => (flight = undefined));
    return flight;
  }

  async function attempt(): Promise<Lease> {
    if (closed) throw new ExportError("closed", "the client of Vault was closed");
    const asked = vaultPath(path);
    const answer = await authorized({ method: "GET", path: asked });
    const leaseMs = durationAt(answer, "lease_duration");
    const lease: Lease = {
      secrets: secretsOf(objectAt(answer, "data", asked)),
      id: typeof answer["lease_id"] === "string" ? answer["lease_id"] : "",
      leaseMs,
      renewable: answer["renewable"] === true,
      by: token(),
      endsMs: leaseMs > 0 ? clock.now() + leaseMs : Number.POSITIVE_INFINITY,
      atItsLongest: false,
    };
    for (const old of leases) if (old.endsMs <= clock.now()) leases.delete(old);
    leases.add(lease);
    current = lease;
    failures = 0;
    later(lease, renewAfterMs(leaseMs, clock));
    for (const wake of wakers) wake();
    return lease;
  }

  function later(lease: Lease, delayMs: number): void {
    cancelTimer();
    if (closed || lease.endsMs === Number.POSITIVE_INFINITY) return;
    cancelTimer = clock.setTimer(() => void keepAlive(lease), delayMs);
  }

  async function keepAlive(lease: Lease): Promise<void> {
    if (closed || current !== lease) return;
    try {
      if (!lease.renewable || lease.atItsLongest || !(await renew(lease))) await obtain();
    } catch (error) {
      failed(lease, error);
    }
  }

  function failed(lease: Lease, error: unknown): void {
    if (closed) return;
    onError(ExportError.from(error, `cannot renew the secrets of ${path}`));
    if (current === lease) later(lease, backoffMs(++failures, clock));
  }

  /** Whether that went well. Where it did not, for whatever reason, others are asked for. */
  async function renew(lease: Lease): Promise<boolean> {
    try {
      const answer = await authorized({ method: "PUT", path: "sys/leases/renew", body: { lease_id: lease.id } });
      const leaseMs = durationAt(answer, "lease_duration");
      if (leaseMs === 0) return false;
      lease.endsMs = clock.now() + leaseMs;
      lease.atItsLongest = answer["renewable"] !== true || isCut(leaseMs, lease.leaseMs);
      later(lease, renewAfterMs(leaseMs, clock));
      return true;
    } catch (error) {
      if (closed) throw error;
      return false;
    }
  }

  const get = async (signal?: AbortSignal): Promise<Secrets> => {
    if (!closed && current && clock.now() < current.endsMs && current.by === token()) return current.secrets;
    return (await orAborted(obtain(), signal)).secrets;
  };

  return {
    name: `Vault lease ${path}`,
    get,
    watch: (signal) =>
      watching(
        {
          read: get,
          same: sameSecrets,
          arm(wake) {
            wakers.add(wake);
            return () => void wakers.delete(wake);
          },
          onError,
        },
        AbortSignal.any([signal, closing]),
      ),
    replace() {
      const before = current;
      if (!before || closed) return;
      cancelTimer();
      obtain().catch((error: unknown) => failed(before, error));
    },
    async close() {
      closed = true;
      cancelTimer();
      await flight?.catch(() => undefined);
      await Promise.all(
        [...leases]
          .filter(({ id, endsMs }) => id !== "" && clock.now() < endsMs)
          .map(({ id }) =>
            // Not everybody may revoke by id; those leases end with the token.
            authorized({ method: "PUT", path: "sys/leases/revoke", body: { lease_id: id } }).catch(() => undefined),
          ),
      );
    },
  };
}
