import type { SourceTls } from "../http/tls.ts";
import type { ConsulAccess } from "./access.ts";
import { defaultUrl } from "./agent.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that Consul's own tools read: `CONSUL_HTTP_ADDR`, `_TOKEN`, `_TOKEN_FILE`, `_AUTH`, `_SSL`, `_SSL_VERIFY`,
 * `CONSUL_CACERT`, `CONSUL_CLIENT_CERT`, `CONSUL_CLIENT_KEY`, `CONSUL_TLS_SERVER_NAME`, `CONSUL_NAMESPACE`,
 * `CONSUL_PARTITION`. Files of certificates are read again for each connection.
 *
 * ```ts
 * const registry = consulRegistry("otlp-relay", { ...consulEnvironment(), tags: ["blue"] });
 * ```
 */
export function consulEnvironment(env: Environment = process.env): ConsulAccess {
  const given = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
  const [token, tokenPath] = [given("CONSUL_HTTP_TOKEN"), given("CONSUL_HTTP_TOKEN_FILE")];
  const [namespace, partition] = [given("CONSUL_NAMESPACE"), given("CONSUL_PARTITION")];
  const login = given("CONSUL_HTTP_AUTH");
  const tls = tlsOf(given);
  return {
    url: urlOf(given("CONSUL_HTTP_ADDR"), isTrue(given("CONSUL_HTTP_SSL"))),
    ...(token === undefined ? {} : { token }),
    ...(tokenPath === undefined ? {} : { tokenPath }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(partition === undefined ? {} : { partition }),
    ...(tls === undefined ? {} : { tls }),
    ...(login === undefined ? {} : { basic: login }),
  };
}

function urlOf(address: string | undefined, secure: boolean): string {
  if (address === undefined) return secure ? defaultUrl.replace("http:", "https:") : defaultUrl;
  if (/^unix:/i.test(address)) return address;
  const withScheme = /^https?:\/\//i.test(address) ? address : `http://${address}`;
  return secure ? withScheme.replace(/^http:/i, "https:") : withScheme;
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(?:1|t|true)$/i.test(text);
}

function tlsOf(given: (name: string) => string | undefined): (() => SourceTls) | undefined {
  const [ca, cert, key] = [given("CONSUL_CACERT"), given("CONSUL_CLIENT_CERT"), given("CONSUL_CLIENT_KEY")];
  const serverName = given("CONSUL_TLS_SERVER_NAME");
  const verify = given("CONSUL_HTTP_SSL_VERIFY");
  const insecureSkipVerify = verify !== undefined && !isTrue(verify);
  if ([ca, cert, key, serverName].every((part) => part === undefined) && !insecureSkipVerify) return undefined;
  const read = (path: string): string => process.getBuiltinModule("node:fs").readFileSync(path, "utf8");
  return () => ({
    ...(ca === undefined ? {} : { ca: read(ca) }),
    ...(cert === undefined ? {} : { cert: read(cert) }),
    ...(key === undefined ? {} : { key: read(key) }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(insecureSkipVerify ? { insecureSkipVerify } : {}),
  });
}
