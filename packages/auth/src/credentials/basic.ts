import type { CredentialProvider } from "@otlpkit/core";
import { type Given, revealed } from "./given.ts";

/**
 * `Authorization: Basic …` (RFC 7617), in UTF-8.
 *
 * @throws TypeError, at once, for a user with a colon, which can't be told from the password
 */
export function basic(user: string, password: Given): CredentialProvider {
  if (user.includes(":")) throw new TypeError("a user for basic authentication can't have a colon in its name");
  return {
    async headers(_endpoint, _batch, signal) {
      const pair = `${user}:${await revealed(password, signal)}`;
      return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
    },
  };
}
