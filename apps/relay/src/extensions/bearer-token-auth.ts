import { check, list, optional, or, section, text } from "@otlpkit/config";
import { definePlugin } from "@otlpkit/core";
import type { Extension } from "../component.ts";
import { givenSecret } from "../settings/given-secret.ts";

const ways = ["token", "tokens", "filename", "callers"] as const;
const caller = section({ name: text, token: optional(text), token_file: optional(text), tenant: optional(text) });

const config = check(
  section({
    scheme: or(text, "Bearer"),
    header: or(text, "Authorization"),
    token: optional(text),
    tokens: optional(list(text)),
    filename: optional(text),
    /** Ours: tokens with a name, and perhaps a tenant, for whoever shows them. */
    callers: optional(list(caller)),
  }),
  (settings) => {
    if (ways.every((way) => settings[way] === undefined)) return `needs one of ${ways.join(", ")}`;
    const nameless = settings.callers?.find((each) => (each.token === undefined) === (each.token_file === undefined));
    return nameless === undefined ? undefined : `the caller ${nameless.name} needs token or token_file`;
  },
);

/** `bearertokenauth`: a token in a header, for exporters to show and for receivers to check. */
export const bearerTokenAuthExtension = definePlugin({
  kind: "extension",
  names: ["bearertokenauth", "bearer_token_auth"],
  config,
  async create({ scheme, header, token, tokens = [], filename, callers = [] }): Promise<Extension> {
    const { acceptBearer, apiKey, bearer } = await import("@otlpkit/auth");
    const standard = header.toLowerCase() === "authorization";
    const own = givenSecret(token ?? tokens[0], filename);
    const shown = own === undefined ? undefined : standard ? bearer(own, { scheme }) : apiKey(header, own);
    const owners = [
      ...(own === undefined ? [] : [{ name: "bearer", token: own }]),
      ...tokens
        .slice(token === undefined ? 1 : 0)
        .map((each) => ({ name: "bearer", token: givenSecret(each, undefined)! })),
      ...callers.map(({ name, token: text, token_file, tenant }) => ({
        name,
        token: givenSecret(text, token_file)!,
        ...(tenant === undefined ? {} : { tenant }),
      })),
    ];
    return {
      offers: {
        authenticator: acceptBearer(owners, { header, scheme: standard ? scheme : "" }),
        ...(shown === undefined ? {} : { credentials: shown }),
      },
      close: () => Promise.resolve(),
    };
  },
});
