import { ExportError } from "@otlpkit/core";
import type { Secret, Secrets } from "../secret.ts";
import type { SecretSource } from "../secret-source.ts";
import { vaultAddress } from "./address.ts";
import { asking } from "./ask.ts";
import { clockOf, type ClockOptions } from "./clock.ts";
import { vaultExchange, type VaultRequest } from "./exchange.ts";
import { keyValue, type VaultMount } from "./key-value.ts";
import { leased, type Leased } from "./leased.ts";
import type { VaultLogin } from "./login.ts";
import { orAborted, polled } from "./polled.ts";
import { vaultSession } from "./session.ts";
import { transit, type VaultTransit } from "./transit.ts";

export interface VaultOptions extends ClockOptions {
  /** `https://vault.example:8200`, or `unix:///run/vault/agent.sock`; `http:` to this machine only. */
  readonly url: string;
  /** Who we are: `vaultToken`, `appRole` or `kubernetes`. */
  readonly login: VaultLogin;
  /** The namespace (Vault Enterprise, OpenBao), "teams/shop". Default: the root. */
  readonly namespace?: string;
  /** Authorities to trust in place of the system's, PEM. */
  readonly ca?: string;
  /** Our certificate and its key, PEM, where Vault asks for one. */
  readonly cert?: string;
  readonly key?: string;
  /** The name that Vault's certificate has, if it is not the one in `url`. */
  readonly serverName?: string;
  /** Sends tokens and gets secrets without TLS. Default false. */
  readonly allowCleartext?: boolean;
  /** Other origins (`https://vault-2.example:8200`) that Vault may send us to with our token. Default none. */
  readonly redirectTo?: readonly string[];
  /** For one question, in ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** How long to ask again while Vault is sealed, has no leader or cannot be reached, in ms. Default 10,000. */
  readonly retryForMs?: number;
  /** The longest answer, in bytes. Default 2 MiB. */
  readonly maxBytes?: number;
  /** How often secrets that have no lease are read again, in ms, give or take a tenth. Default 60,000. */
  readonly pollMs?: number;
  /** Told of what went wrong in the background; values that are known stand meanwhile. Default: nobody is. */
  readonly onError?: (error: ExportError) => void;
}

export interface VaultSecretOptions {
  /** Which entry of the secret. Default "value". */
  readonly field?: string;
  /** Where the engine is mounted. Default: Vault is asked, which takes the right to read the path. */
  readonly mount?: VaultMount;
}

/** A client of Vault or OpenBao. Asks for nothing, a token included, until somebody wants a secret. */
export interface Vault {
  /** One entry of a secret of the key-value engine, by the path that `vault kv get` takes: "secret/shop/database". */
  secret(path: string, options?: VaultSecretOptions): SecretSource;
  /** All entries of such a secret. */
  secrets(path: string, options?: Pick<VaultSecretOptions, "mount">): SecretSource<Secrets>;
  /** What an engine makes for us for a time, "database/creds/shop": its lease is renewed, and others come when it ends. */
  leased(path: string): SecretSource<Secrets>;
  /** A key of the transit engine. */
  transit(key: string, mount?: string): VaultTransit;
  /** Ends all watches, gives back leases and token, and lets go of timers and sockets. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Secrets of Vault or OpenBao.
 *
 * @throws ExportError "rejected" for an address that cannot be used or would send secrets in clear
 */
export function vault(options: VaultOptions): Vault {
  const { login, namespace, allowCleartext = false, redirectTo = [], ca, cert, key, serverName } = options;
  const { timeoutMs = 10_000, retryForMs = 10_000, maxBytes = 2 * 1024 * 1024, pollMs = 60_000 } = options;
  const onError = options.onError ?? ((): void => {});
  const address = vaultAddress(options.url, allowCleartext);
  const clock = clockOf(options);
  const exchange = vaultExchange({
    address,
    namespace,
    timeoutMs,
    maxBytes,
    redirectTo: new Set(redirectTo.map((text) => new URL(vaultAddress(text, allowCleartext).base).origin)),
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    },
  });
  const ask = asking({ exchange, shown: address.shown, retryForMs, clock });
  const leases = new Set<Leased>();
  const session = vaultSession({
    login,
    ask,
    clock,
    onError,
    onChange() {
      for (const lease of leases) lease.replace();
    },
  });
  const closing = new AbortController();
  let closed: Promise<void> | undefined;

  /** Asks with our token; with the next one when that is no longer accepted. */
  async function authorized(request: VaultRequest): Promise<Readonly<Record<string, unknown>>> {
    const token = await session.token();
    try {
      return await ask({ ...request, token: token.value }, closing.signal);
    } catch (error) {
      if (!ExportError.is(error) || error.code !== "forbidden" || !(await session.refused(token))) throw error;
      return ask({ ...request, token: (await session.token()).value }, closing.signal);
    }
  }

  const engine = keyValue(authorized);
  const secrets = (path: string, mount: VaultMount | undefined): SecretSource<Secrets> =>
    polled({
      name: `Vault secret ${path}`,
      read: () => engine.read(path, mount),
      pollMs,
      clock,
      onError,
      closing: closing.signal,
    });

  return {
    secret: (path, { field = "value", mount } = {}) => entry(secrets(path, mount), field),
    secrets: (path, { mount } = {}) => secrets(path, mount),
    leased(path) {
      const lease = leased({
        path,
        authorized,
        token: () => session.current?.value,
        clock,
        onError,
        closing: closing.signal,
      });
      leases.add(lease);
      return lease;
    },
    transit: (name, mount = "transit") => transit(name, mount, authorized),
    close() {
      closed ??= (async () => {
        await Promise.all(
          [...leases].map((lease) => orAborted(lease.close(), AbortSignal.timeout(5_000)).catch(() => {})),
        );
        closing.abort();
        await session.close();
        exchange.close();
      })();
      return closed;
    },
  };
}

/** One entry of a source that has several. */
function entry(source: SecretSource<Secrets>, field: string): SecretSource {
  const name = `${source.name} (${field})`;
  const pick = (secrets: Secrets): Secret => {
    const value = secrets[field];
    if (value) return value;
    throw new ExportError("invalid", `the ${source.name} has no entry "${field}"`);
  };
  return {
    name,
    get: async (signal) => pick(await source.get(signal)),
    async *watch(signal) {
      let last: Secret | undefined;
      for await (const secrets of source.watch(signal)) {
        const value = secrets[field];
        // An entry that is gone for a while is no change.
        if (!value || last?.equals(value)) continue;
        last = value;
        yield value;
      }
    },
  };
}
