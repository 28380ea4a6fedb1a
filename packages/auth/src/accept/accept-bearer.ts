import type { Authenticator, Caller } from "@otlpkit/core";
import type { Given } from "../credentials/given.ts";
import { believed } from "./believed.ts";
import { credentialsIn, notNow, refused } from "./refused.ts";
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
  /** For tests. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Lets in whoever shows one of these tokens. Two for one name let a token be replaced while both are in use. A token from a
 * source is looked up once a second, and for one that does not fit at once; an owner whose token can't be had keeps nobody
 * else out.
 */
export function acceptBearer(owners: readonly BearerOwner[], options: AcceptBearerOptions = {}): Authenticator {
  const { header = "authorization", scheme = "Bearer", now = () => performance.now() } = options;
  const name = header.toLowerCase();
  const tokens = owners.map(({ token }) => believed(token, now));

  async function ownerOf(shown: string, anew: boolean): Promise<BearerOwner | undefined> {
    const looked = await Promise.allSettled(tokens.map((token) => token(anew)));
    // All are looked at, whichever fits.
    const fitting = looked.map((each) => each.status === "fulfilled" && sameSecret(each.value, shown));
    const owner = owners[fitting.indexOf(true)];
    const missing = looked.find((each) => each.status === "rejected");
    if (anew && owner === undefined && missing !== undefined) throw notNow(missing.reason);
    return owner;
  }

  return {
    name: "bearer",
    async authenticate(knock): Promise<Caller> {
      const shown = credentialsIn(knock, name, scheme);
      const owner = (await ownerOf(shown, false)) ?? (await ownerOf(shown, true));
      if (owner === undefined) throw refused("the token is none that is known");
      return { name: owner.name, method: "bearer", ...(owner.tenant === undefined ? {} : { tenant: owner.tenant }) };
    },
  };
}
