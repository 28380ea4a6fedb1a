import type { Authenticator, Caller } from "@otlpkit/core";
import { type Given, revealed } from "../credentials/given.ts";
import { credentialsIn, refused } from "./refused.ts";
import { sameSecret } from "./same-secret.ts";

/** Somebody who has a token. */
export interface BearerOwner {
  /** What to call whoever shows it. */
  readonly name: string;
  readonly token: Given;
  /** Whose data its owner sends. */
  readonly tenant?: string;
}

/** Options of {@link acceptBearer}. */
export interface AcceptBearerOptions {
  /** The header that it stands in. Default "authorization". */
  readonly header?: string;
  /** In front of it. Default "Bearer"; "" for a key that stands alone, as in `x-api-key`. */
  readonly scheme?: string;
}

/** Lets in whoever shows one of these tokens. Two for one name let a token be replaced while both are in use. */
export function acceptBearer(owners: readonly BearerOwner[], options: AcceptBearerOptions = {}): Authenticator {
  const { header = "authorization", scheme = "Bearer" } = options;
  const name = header.toLowerCase();
  return {
    name: "bearer",
    async authenticate(knock, signal): Promise<Caller> {
      const shown = credentialsIn(knock, name, scheme);
      // All are looked at, whichever fits.
      const tokens = await Promise.all(owners.map(({ token }) => revealed(token, signal)));
      const fitting = tokens.map((token) => sameSecret(token, shown));
      const owner = owners[fitting.indexOf(true)];
      if (owner === undefined) throw refused("the token is none that is known");
      return { name: owner.name, method: "bearer", ...(owner.tenant === undefined ? {} : { tenant: owner.tenant }) };
    },
  };
}
