import { readFileSync } from "node:fs";
import { flag, ignored, optional, or, section, type SectionOf, text, unsupported } from "@otlpkit/config";
import { ExportError } from "@otlpkit/core";

const versions = "the versions of Node apply, at least TLS 1.2";
const common = {
  ca_file: optional(text),
  ca_pem: optional(text),
  cert_file: optional(text),
  cert_pem: optional(text),
  key_file: optional(text),
  key_pem: optional(text),
  min_version: ignored(versions),
  max_version: ignored(versions),
  reload_interval: unsupported("certificates are read once, at the start; restart to change them"),
  cipher_suites: unsupported("Node's choice applies"),
  curve_preferences: ignored("Node's choice applies"),
};

const clientKeys = {
  ...common,
  insecure: or(flag, false),
  insecure_skip_verify: or(flag, false),
  server_name_override: optional(text),
  include_system_ca_certs_pool: ignored("system authorities are trusted unless ca_file is given"),
};
/** `tls` of an exporter. */
export const clientTls = section(clientKeys);
export type ClientTlsConfig = SectionOf<typeof clientKeys>;

const serverKeys = { ...common, client_ca_file: optional(text), client_ca_file_reload: ignored("read once") };
/** `tls` of a receiver. */
export const serverTls = section(serverKeys);
export type ServerTlsConfig = SectionOf<typeof serverKeys>;

/** Reads the files of an exporter's `tls`. */
export function readClientTls(config: ClientTlsConfig): {
  ca?: string;
  cert?: string;
  key?: string;
  serverName?: string;
  insecureSkipVerify: boolean;
} {
  const [ca, cert, key] = [pem(config, "ca"), pem(config, "cert"), pem(config, "key")];
  if ((cert === undefined) !== (key === undefined)) throw halfPair();
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(config.server_name_override === undefined ? {} : { serverName: config.server_name_override }),
    insecureSkipVerify: config.insecure_skip_verify,
  };
}

/** Reads the files of a receiver's `tls`; a client authority means that every client must show a certificate. */
export function readServerTls(config: ServerTlsConfig): {
  cert: string;
  key: string;
  ca?: string;
  requireClientCert: boolean;
} {
  const [cert, key] = [pem(config, "cert"), pem(config, "key")];
  if (cert === undefined || key === undefined) throw halfPair();
  const clientCa = config.client_ca_file;
  if (clientCa === undefined) return { cert, key, requireClientCert: false };
  return { cert, key, ca: readFile("client_ca_file", clientCa), requireClientCert: true };
}

function pem(config: Partial<ServerTlsConfig & ClientTlsConfig>, part: "ca" | "cert" | "key"): string | undefined {
  const file = config[`${part}_file`];
  return file === undefined ? config[`${part}_pem`] : readFile(`${part}_file`, file);
}

function readFile(key: string, file: string): string {
  const text = contentsOf(key, file);
  if (text.includes("-----BEGIN ")) return text;
  throw new ExportError("rejected", `tls.${key}: ${file} is not PEM, which begins with "-----BEGIN"; is it DER?`);
}

function contentsOf(key: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ExportError("rejected", `tls.${key}: cannot read ${file} (${code ?? String(cause)})`, { cause });
  }
}

function halfPair(): ExportError {
  return new ExportError("rejected", "tls: cert_file and key_file belong together, and one of them is missing");
}
