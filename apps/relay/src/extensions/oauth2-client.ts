import { check, choice, duration, ignored, list, optional, or, record, section, text } from "@otlpkit/config";
import { definePlugin } from "@otlpkit/core";
import type { ClientAuthentication } from "@otlpkit/auth/oauth2";
import { contents } from "../settings/contents.ts";
import type { ComponentContext, Extension } from "../component.ts";
import { givenSecret } from "../settings/given-secret.ts";
import { followTlsFiles } from "../settings/tls-files.ts";

const config = check(
  section({
    client_id: optional(text),
    client_id_file: optional(text),
    client_secret: optional(text),
    client_secret_file: optional(text),
    token_url: optional(text),
    scopes: list(text),
    endpoint_params: record(text),
    timeout: or(duration, 10_000),
    tls: section({
      ca_file: optional(text),
      cert_file: optional(text),
      key_file: optional(text),
      insecure: ignored("the scheme of token_url decides"),
    }),
    expiry_buffer: ignored("a token is renewed at four fifths of its life"),
    /** Ours: where to find the token endpoint. */
    issuer_url: optional(text),
    /** Ours: how the client proves who it is. */
    auth_method: or(
      choice("client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"),
      "client_secret_basic",
    ),
    /** Ours, for private_key_jwt. */
    private_key_file: optional(text),
    private_key_id: optional(text),
    /** Ours: for whom the token is. */
    audience: optional(text),
    resource: optional(text),
  }),
  (settings) => {
    const { client_id, client_id_file, token_url, issuer_url, auth_method, tls } = settings;
    if ((client_id === undefined) === (client_id_file === undefined)) return "needs client_id or client_id_file";
    if ((token_url === undefined) === (issuer_url === undefined)) return "needs token_url or issuer_url";
    const bySecret = auth_method.startsWith("client_secret");
    const secrets = [settings.client_secret, settings.client_secret_file].filter((each) => each !== undefined).length;
    if (bySecret && secrets !== 1) return "needs client_secret or client_secret_file";
    if (auth_method === "private_key_jwt" && settings.private_key_file === undefined) return "needs private_key_file";
    const hasPair = tls.cert_file !== undefined && tls.key_file !== undefined;
    return auth_method === "tls_client_auth" && !hasPair ? "needs tls.cert_file and tls.key_file" : undefined;
  },
);

/** `oauth2client`: access tokens by client credentials, for exporters. */
export const oauth2ClientExtension = definePlugin({
  kind: "extension",
  names: ["oauth2client", "oauth2_client"],
  config,
  async create(settings, context: ComponentContext): Promise<Extension> {
    const { clientCredentials } = await import("@otlpkit/auth/oauth2");
    const { log, audit, id } = context;
    const { ca_file: caFile, cert_file: certFile, key_file: keyFile } = settings.tls;
    const files =
      caFile === undefined && certFile === undefined && keyFile === undefined
        ? undefined
        : await followTlsFiles(
            {
              ...(caFile === undefined ? {} : { caFile }),
              ...(certFile === undefined ? {} : { certFile }),
              ...(keyFile === undefined ? {} : { keyFile }),
            },
            context,
          );
    const credentials = clientCredentials({
      ...(settings.token_url === undefined ? { issuer: settings.issuer_url! } : { tokenUrl: settings.token_url }),
      clientId: settings.client_id ?? contents(settings.client_id_file!).toString("utf8").trim(),
      authentication: authenticationOf(settings),
      ...(settings.scopes.length === 0 ? {} : { scope: settings.scopes.join(" ") }),
      ...(settings.audience === undefined ? {} : { audience: settings.audience }),
      ...(settings.resource === undefined ? {} : { resource: settings.resource }),
      parameters: settings.endpoint_params,
      https: {
        timeoutMs: settings.timeout,
        ...(files === undefined ? {} : { files }),
      },
      onRefresh(outcome) {
        const failed = "error" in outcome;
        audit.record({
          action: failed ? "token.refused" : "token.issued",
          outcome: failed ? "failure" : "success",
          actor: "otlpkit",
          target: id,
          ...(failed ? { reason: outcome.error.code } : {}),
        });
        if (failed) log.warn("cannot get a token", { code: outcome.error.code, error: outcome.error });
        else log.debug("got a token", { lifetimeMs: outcome.lifetimeMs });
      },
    });
    return { offers: { credentials }, close: () => Promise.resolve() };
  },
});

interface Proof {
  readonly auth_method: ClientAuthentication["method"];
  readonly client_secret: string | undefined;
  readonly client_secret_file: string | undefined;
  readonly private_key_file: string | undefined;
  readonly private_key_id: string | undefined;
}

function authenticationOf(settings: Proof): ClientAuthentication {
  const { auth_method: method } = settings;
  // Its certificate is in the files, which are followed.
  if (method === "tls_client_auth") return { method };
  if (method === "private_key_jwt") {
    const { private_key_file, private_key_id: keyId } = settings;
    const key = givenSecret(undefined, private_key_file)!;
    return { method, key, ...(keyId === undefined ? {} : { keyId }) };
  }
  return { method, secret: givenSecret(settings.client_secret, settings.client_secret_file)! };
}
