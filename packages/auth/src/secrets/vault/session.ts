import { ExportError } from "@otlpkit/core";
import type { Ask } from "./ask.ts";
import { backoffMs, type Clock, isCut, renewAfterMs } from "./clock.ts";
import { durationAt, objectAt } from "./fields.ts";
import type { VaultLogin, VaultToken } from "./login.ts";

/** A token that we have, until when. */
export interface HeldToken extends VaultToken {
  /** Infinity for those that do not end. */
  endsMs: number;
  /** It was given less than it asked for: it has come near its longest life, and asking again is of no use. */
  atItsLongest: boolean;
}

export interface SessionOptions {
  readonly login: VaultLogin;
  readonly ask: Ask;
  readonly clock: Clock;
  readonly onError: (error: ExportError) => void;
  /** There is another token than before, and what was leased with the old one will end with it. */
  readonly onChange: () => void;
}

/** The token of a client: got when it is first needed, renewed, and got anew when that ends. */
export interface Session {
  token(): Promise<HeldToken>;
  /** The one that is good now, if there is one. */
  readonly current: HeldToken | undefined;
  /** It was refused. Whether asking again is worth it, because there is another token now. */
  refused(token: HeldToken): Promise<boolean>;
  close(): Promise<void>;
}

/** Where a policy does not let us ask about our own token, each refusal looks like its end; so not more often than this. */
const betweenMs = 10_000;

export function vaultSession(options: SessionOptions): Session {
  const { login, ask, clock, onError, onChange } = options;
  const closing = new AbortController();
  let held: HeldToken | undefined;
  let flight: Promise<HeldToken> | undefined;
  let failures = 0;
  let refusal: { readonly error: unknown; readonly untilMs: number } | undefined;
  let forcedMs = Number.NEGATIVE_INFINITY;
  let cancelTimer = (): void => {};

  const current = (): HeldToken | undefined => (held && clock.now() < held.endsMs ? held : undefined);

  /** One login for all who wait; one that failed is not repeated by each who comes. */
  function logIn(): Promise<HeldToken> {
    flight ??= attempt().finally(() => (flight = undefined));
    return flight;
  }

  async function attempt(): Promise<HeldToken> {
    if (refusal && clock.now() < refusal.untilMs) throw refusal.error;
    try {
      const before = held;
      const token = await login.logIn(ask, closing.signal);
      const endsMs = token.leaseMs > 0 ? clock.now() + token.leaseMs : Number.POSITIVE_INFINITY;
      // The same token, looked at again, is the same secret: what was leased with it goes on.
      const value = before?.value.equals(token.value) ? before.value : token.value;
      held = { ...token, value, endsMs, atItsLongest: false };
      failures = 0;
      refusal = undefined;
      later(held, renewAfterMs(token.leaseMs, clock));
      if (before && before.value !== value) onChange();
      return held;
    } catch (error) {
      refusal = { error, untilMs: clock.now() + backoffMs(++failures, clock) };
      throw error;
    }
  }

  function later(token: HeldToken, delayMs: number): void {
    cancelTimer();
    if (closing.signal.aborted || token.endsMs === Number.POSITIVE_INFINITY) return;
    cancelTimer = clock.setTimer(() => void keepAlive(token), delayMs);
  }

  async function keepAlive(token: HeldToken): Promise<void> {
    if (held !== token) return;
    try {
      if (!token.renewable || token.atItsLongest || !(await renew(token))) await logIn();
    } catch (error) {
      if (closing.signal.aborted) return;
      onError(ExportError.from(error, "cannot renew the token of Vault"));
      if (held === token) later(token, backoffMs(Math.max(1, failures), clock));
    }
  }

  /** Whether that went well. Where it did not, for whatever reason, a login is worth trying: it may say more. */
  async function renew(token: HeldToken): Promise<boolean> {
    const asked = { method: "POST", path: "auth/token/renew-self", token: token.value, body: {} } as const;
    try {
      const auth = objectAt(await ask(asked, closing.signal), "auth", asked.path);
      const leaseMs = durationAt(auth, "lease_duration");
      if (leaseMs === 0) return false;
      token.endsMs = clock.now() + leaseMs;
      token.atItsLongest = auth["renewable"] !== true || isCut(leaseMs, token.leaseMs);
      later(token, renewAfterMs(leaseMs, clock));
      return true;
    } catch (error) {
      if (closing.signal.aborted) throw error;
      return false;
    }
  }

  return {
    async token() {
      if (closing.signal.aborted) throw new ExportError("closed", "the client of Vault was closed");
      return current() ?? logIn();
    },
    get current() {
      return current();
    },
    async refused(token) {
      if (held !== token) return true;
      // Most refusals are about what is asked for, and a new token would not help.
      if (await alive(token)) return false;
      if (held !== token) return true;
      if (clock.now() < forcedMs + betweenMs) return false;
      forcedMs = clock.now();
      await logIn();
      return true;
    },
    async close() {
      if (closing.signal.aborted) return;
      cancelTimer();
      const last = held;
      closing.abort();
      await flight?.catch(() => undefined);
      const token = held ?? last;
      held = undefined;
      if (!login.owns || !token) return;
      const asked = { method: "POST", path: "auth/token/revoke-self", token: token.value } as const;
      // It ends by itself if this does not work.
      await ask(asked, AbortSignal.timeout(5_000)).catch(() => undefined);
    },
  };

  async function alive(token: HeldToken): Promise<boolean> {
    const asked = { method: "GET", path: "auth/token/lookup-self", token: token.value } as const;
    try {
      await ask(asked, closing.signal);
      return true;
    } catch (error) {
      if (ExportError.is(error) && error.code === "forbidden") return false;
      throw error;
    }
  }
}
