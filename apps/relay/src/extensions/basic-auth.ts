import { check, optional, present, section, text } from "@otlpkit/config";
import { definePlugin } from "@otlpkit/core";
import type { Extension } from "../component.ts";
import { givenSecret } from "../settings/given-secret.ts";

const config = check(
  section({
    htpasswd: present(section({ file: optional(text), inline: optional(text) })),
    client_auth: present(
      check(section({ username: text, password: optional(text), password_file: optional(text) }), (auth) =>
        (auth.password === undefined) === (auth.password_file === undefined)
          ? "needs password or password_file"
          : undefined,
      ),
    ),
  }),
  ({ htpasswd, client_auth: client }) =>
    htpasswd === undefined && client === undefined
      ? "needs htpasswd (receivers) or client_auth (exporters)"
      : undefined,
);

/** `basicauth`: user and password, for receivers from an htpasswd file, for exporters to show. */
export const basicAuthExtension = definePlugin({
  kind: "extension",
  names: ["basicauth", "basic_auth"],
  config,
  async create({ htpasswd, client_auth: client }): Promise<Extension> {
    const { acceptBasic, basic } = await import("@otlpkit/auth");
    const users = htpasswd === undefined ? undefined : givenSecret(htpasswd.inline, htpasswd.file);
    const password = client === undefined ? undefined : givenSecret(client.password, client.password_file);
    return {
      offers: {
        ...(users === undefined ? {} : { authenticator: acceptBasic(users) }),
        ...(password === undefined ? {} : { credentials: basic(client!.username, password) }),
      },
      close: () => Promise.resolve(),
    };
  },
});
