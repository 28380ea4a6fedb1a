import { check, choice, list, optional, or, section, text, unsupported } from "@otlpkit/config";
import { type CredentialProvider, definePlugin } from "@otlpkit/core";
import type { Extension } from "../component.ts";
import { givenSecret } from "../settings/given-secret.ts";

const header = check(
  section({
    key: text,
    action: or(choice("upsert", "insert", "update"), "upsert"),
    value: optional(text),
    value_file: optional(text),
    /** From a header of the request that brought the data; the receiver must carry it along (`onward_headers`). */
    from_context: optional(text),
    from_attribute: unsupported("identities have no attributes here; use from_context"),
    default_value: optional(text),
  }),
  ({ value, value_file, from_context }) =>
    [value, value_file, from_context].filter((each) => each !== undefined).length === 1
      ? undefined
      : "needs one of value, value_file, from_context",
);

const config = section({
  headers: check(list(header), (headers) => (headers.length > 0 ? undefined : "needs at least one header")),
  additional_auth: unsupported("give the exporter one authenticator"),
});

/** `headers_setter`: headers of exporters' requests, from the configuration or from the request that brought the data. */
export const headersSetterExtension = definePlugin({
  kind: "extension",
  names: ["headers_setter"],
  config,
  async create({ headers }): Promise<Extension> {
    const { revealed } = await import("@otlpkit/auth");
    const credentials: CredentialProvider = {
      async headers(_endpoint, batch, signal) {
        const set: Record<string, string> = {};
        for (const { key, action, value, value_file, from_context: from, default_value } of headers) {
          const name = key.toLowerCase();
          const there = name in batch.headers;
          if (action === "insert" ? there : action === "update" && !there) continue;
          const given = givenSecret(value, value_file);
          const found = given === undefined ? batch.headers[from!.toLowerCase()] : await revealed(given, signal);
          const text = found ?? default_value;
          if (text !== undefined) set[name] = text;
        }
        return set;
      },
    };
    return { offers: { credentials }, close: () => Promise.resolve() };
  },
});
