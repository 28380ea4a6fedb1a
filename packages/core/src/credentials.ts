import type { Batch } from "./batch.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * Proves who we are: a fixed key, a token that is fetched and renewed, one for each tenant. `authenticate` puts it into a
 * stack.
 */
export interface CredentialProvider {
  /**
   * Headers that prove who we are to `endpoint`. Asked once per attempt, so cache inside. `signal` ends the wait for
   * them, at the deadline of the attempt too.
   *
   * Throw {@link ExportError} to say whether another attempt makes sense; anything else counts as "unavailable", since
   * nothing was sent and the next attempt asks again.
   */
  headers(endpoint: Endpoint, batch: Batch, signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** The last headers were refused. Absent where there is nothing to forget. */
  invalidate?(endpoint: Endpoint): void;
}
