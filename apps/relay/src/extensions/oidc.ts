import {
  check,
  duration,
  flag,
  ignored,
  list,
  optional,
  or,
  section,
  type SectionOf,
  text,
  unsupported,
} from "@otlpkit/config";
import { type Authenticator, definePlugin } from "@otlpkit/core";
import type { KeySource } from "@otlpkit/auth/jwt";
import type { ComponentContext, Extension } from "../component.ts";
import { followTlsFiles } from "../settings/tls-files.ts";

const provider = {
  issuer_url: optional(text),
  audience: optional(text),
  issuer_ca_path: optional(text),
  ignore_audience: check(or(flag, false), (ignore) =>
    ignore ? "not supported: a token for somebody else is none for us; name the audience" : undefined,
  ),
  username_claim: optional(text),
  groups_claim: ignored("groups are not looked at"),
  public_keys_file: optional(text),
  /** Ours. */
  jwks_url: optional(text),
  algorithms: optional(list(text)),
  scopes: list(text),
  tenant_claim: optional(text),
  token_type: optional(text),
  clock_tolerance: or(duration, 30_000),
  max_age: optional(duration),
};
const providerConfig = section(provider);
type ProviderConfig = SectionOf<typeof provider>;

const config = check(
  section({
    ...provider,
    attribute: or(text, "authorization"),
    providers: list(providerConfig),
    public_keys: unsupported("use public_keys_file, a JSON Web Key Set"),
  }),
  ({ providers, ...own }) => {
    const all = own.issuer_url === undefined ? providers : [own, ...providers];
    if (all.length === 0) return "needs issuer_url and audience";
    const unfinished = all.find(({ issuer_url, audience }) => issuer_url === undefined || audience === undefined);
    return unfinished === undefined ? undefined : "needs issuer_url and audience, for each provider";
  },
);

/** `oidc`: lets in who shows a token (JWT) that an issuer signed for us, for receivers. */
export const oidcExtension = definePlugin({
  kind: "extension",
  names: ["oidc"],
  config,
  async create({ attribute, providers, ...own }, context: ComponentContext): Promise<Extension> {
    const { anyOf } = await import("@otlpkit/auth");
    const all = own.issuer_url === undefined ? providers : [own, ...providers];
    const each = await Promise.all(all.map((one) => authenticatorOf(one, attribute.toLowerCase(), context)));
    const [only] = each;
    const authenticator = each.length === 1 && only !== undefined ? only : anyOf(...each);
    return { offers: { authenticator }, close: () => Promise.resolve() };
  },
});

async function authenticatorOf(
  settings: ProviderConfig,
  header: string,
  context: ComponentContext,
): Promise<Authenticator> {
  const { acceptJwt } = await import("@otlpkit/auth/jwt");
  return acceptJwt({
    issuer: settings.issuer_url!,
    audience: settings.audience!,
    keys: keysOf(settings),
    header,
    scopes: settings.scopes,
    clockToleranceMs: settings.clock_tolerance,
    ...(settings.algorithms === undefined ? {} : { algorithms: settings.algorithms }),
    ...(settings.username_claim === undefined ? {} : { nameClaim: settings.username_claim }),
    ...(settings.tenant_claim === undefined ? {} : { tenantClaim: settings.tenant_claim }),
    ...(settings.token_type === undefined ? {} : { type: settings.token_type }),
    ...(settings.max_age === undefined ? {} : { maxAgeMs: settings.max_age }),
    ...(settings.issuer_ca_path === undefined
      ? {}
      : { https: { files: await followTlsFiles({ caFile: settings.issuer_ca_path }, context) } }),
  });
}

function keysOf({ jwks_url: url, public_keys_file: path }: ProviderConfig): KeySource {
  if (path !== undefined) return { kind: "file", path };
  return url === undefined ? { kind: "discovered" } : { kind: "url", url };
}
