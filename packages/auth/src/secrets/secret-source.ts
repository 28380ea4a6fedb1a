import type { Secret } from "./secret.ts";

/**
 * Where a secret comes from and how its changes are heard of: a file, an environment variable, Vault. `Value` is one
 * {@link Secret} or several that change together ({@link Secrets}).
 */
export interface SecretSource<Value = Secret> {
  /** Names it in messages: `file /run/secrets/token`. Holds no secret. */
  readonly name: string;
  /**
   * The value as it is now. A source that asks another machine may answer from what it learned a moment ago.
   *
   * @throws ExportError "unavailable" when it cannot be asked now, "forbidden" or "unauthenticated" when we may not see
   *   it, "invalid" when it is not there or is not usable; never with any part of the value
   */
  get(signal?: AbortSignal): Promise<Value>;
  /**
   * The value as soon as it is known, and again whenever it has changed, until `signal` aborts; then the iteration ends
   * without an error, and timers, sockets and files of the watch are let go. A source that cannot be read for a while is
   * no change and no error: the last good value stands, and the watch tries again.
   */
  watch(signal: AbortSignal): AsyncIterable<Value>;
}
