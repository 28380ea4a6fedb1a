import {
  check,
  choice,
  duration,
  flag,
  ignored,
  list,
  optional,
  or,
  section,
  type SectionOf,
  text,
} from "@otlpkit/config";
import { ExportError, type Live } from "@otlpkit/core";
import { followTlsFiles, type TlsSurroundings } from "./tls-files.ts";

const common = {
  ca_file: optional(text),
  ca_pem: optional(text),
  cert_file: optional(text),
  cert_pem: optional(text),
  key_file: optional(text),
  key_pem: optional(text),
  min_version: optional(choice("1.2", "1.3")),
  max_version: optional(choice("1.2", "1.3")),
  cipher_suites: optional(list(text)),
  curve_preferences: optional(list(text)),
  /** Files are watched; this is how often they are looked at where nobody tells of changes. */
  reload_interval: optional(duration),
};

const clientKeys = {
  ...common,
  insecure: or(flag, false),
  insecure_skip_verify: or(flag, false),
  server_name_override: optional(text),
  include_system_ca_certs_pool: ignored("system authorities are trusted unless ca_file is given"),
  /** Ours: public keys that the server must have one of, SHA-256 in base64. */
  pins: optional(list(text)),
};
/** `tls` of an exporter. */
export const clientTls = section(clientKeys);
export type ClientTlsConfig = SectionOf<typeof clientKeys>;

const serverKeys = {
  ...common,
  client_ca_file: optional(text),
  client_ca_file_reload: ignored("files are watched in any case"),
  /** Ours: ask for a certificate and let in who has none, for an authenticator that takes other proofs as well. */
  client_cert: or(choice("require", "ask"), "require"),
};
/** `tls` of a receiver. */
export const serverTls = check(section(serverKeys), ({ client_cert, client_ca_file }) =>
  client_cert === "ask" && client_ca_file === undefined ? "client_cert: ask needs client_ca_file" : undefined,
);
export type ServerTlsConfig = SectionOf<typeof serverKeys>;

/** What the transports take of an exporter's `tls`. */
export interface ClientTlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}

/** What the receivers take of a receiver's `tls`. */
export interface ServerTlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requireClientCert?: boolean;
  readonly askClientCert?: boolean;
}

/**
 * Reads the `tls` of an exporter; what stands in files is followed.
 *
 * @throws ExportError when a file cannot be used, or the rules contradict each other; names the key or the file
 */
export async function readClientTls(
  config: ClientTlsConfig,
  context: TlsSurroundings,
): Promise<Live<ClientTlsMaterial>> {
  const { pinned } = await import("@otlpkit/auth/tls");
  const fixed = {
    ...(await rulesOf(config, context)),
    ...(config.server_name_override === undefined ? {} : { serverName: config.server_name_override }),
    insecureSkipVerify: config.insecure_skip_verify,
    ...(config.pins === undefined ? {} : { checkServerIdentity: refused("pins", () => pinned(config.pins!)) }),
  };
  return withFiles(config, config.ca_file, config.ca_pem, fixed, context);
}

/** The same for a receiver; an authority for clients means that every client must show a certificate. */
export async function readServerTls(
  config: ServerTlsConfig,
  context: TlsSurroundings,
): Promise<Live<ServerTlsMaterial>> {
  const pair = config.cert_file ?? config.cert_pem;
  if (pair === undefined || (config.key_file ?? config.key_pem) === undefined) throw halfPair();
  const clients = config.client_ca_file === undefined ? undefined : config.client_cert;
  const fixed = {
    ...(await rulesOf(config, context)),
    requireClientCert: clients === "require",
    askClientCert: clients === "ask",
  };
  const live = await withFiles(config, config.client_ca_file, undefined, fixed, context);
  return live as Live<ServerTlsMaterial>;
}

async function rulesOf(
  config: ServerTlsConfig | ClientTlsConfig,
  { id: component, log, metrics }: TlsSurroundings,
): Promise<object> {
  const { tlsPolicy } = await import("@otlpkit/auth/tls");
  const { warnings, ...rules } = refused("", () =>
    tlsPolicy({
      ...(config.min_version === undefined ? {} : { minVersion: `TLSv${config.min_version}` as const }),
      ...(config.max_version === undefined ? {} : { maxVersion: `TLSv${config.max_version}` as const }),
      ...(config.cipher_suites === undefined ? {} : { cipherSuites: config.cipher_suites }),
      ...(config.curve_preferences === undefined ? {} : { groups: config.curve_preferences }),
    }),
  );
  for (const warning of warnings) log.warn(`tls: ${warning}`);
  const connections = metrics.counter("otlpkit_tls_connections", "Connections by what was agreed on for them.");
  return {
    ...rules,
    onSecure({ version, cipherSuite }: { readonly version: string; readonly cipherSuite: string }) {
      connections.with({ component, version, cipher_suite: cipherSuite }).add(1);
      log.debug("agreed on TLS", { version, cipherSuite });
    },
  };
}

/** What was said once, with what stands in files and may change. */
async function withFiles(
  config: ServerTlsConfig | ClientTlsConfig,
  caFile: string | undefined,
  caPem: string | undefined,
  fixed: object,
  context: TlsSurroundings,
): Promise<Live<ClientTlsMaterial>> {
  const written = {
    ...fixed,
    ...(config.cert_pem === undefined ? {} : { cert: pem(config.cert_pem, "cert_pem") }),
    ...(config.key_pem === undefined ? {} : { key: pem(config.key_pem, "key_pem") }),
    ...(caPem === undefined ? {} : { ca: pem(caPem, "ca_pem") }),
  };
  const { cert_file: certFile, key_file: keyFile } = config;
  if (((certFile ?? config.cert_pem) === undefined) !== ((keyFile ?? config.key_pem) === undefined)) throw halfPair();
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const message =
      "tls: cert_file goes with key_file, and cert_pem with key_pem; give both in files, or both in place";
    throw new ExportError("rejected", message);
  }
  if (certFile === undefined && caFile === undefined) return always(written);

  const files = await followTlsFiles(
    {
      ...(certFile === undefined ? {} : { certFile }),
      ...(keyFile === undefined ? {} : { keyFile }),
      ...(caFile === undefined ? {} : { caFile }),
      ...(config.reload_interval === undefined ? {} : { pollMs: config.reload_interval }),
    },
    context,
  );
  let from = files.current;
  let now = { ...written, ...from };
  return {
    get current() {
      if (files.current !== from) {
        from = files.current;
        now = { ...written, ...from };
      }
      return now;
    },
    onChange: (changed) => files.onChange(changed),
  };
}

function always<T>(current: T): Live<T> {
  return { current, onChange: () => () => {} };
}

function pem(text: string, key: string): string {
  if (text.includes("-----BEGIN ")) return text;
  throw new ExportError("rejected", `tls.${key} is not PEM, which begins with "-----BEGIN"; is it DER?`);
}

/** Names the section for what is thrown about it. */
function refused<T>(key: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const place = key === "" ? "tls" : `tls.${key}`;
    throw new ExportError("rejected", `${place}: ${(cause as Error).message}`, { cause });
  }
}

function halfPair(): ExportError {
  return new ExportError("rejected", "tls: cert_file and key_file belong together, and one of them is missing");
}
