import { type Authenticator, ExportError } from "@otlpkit/core";
import { refused } from "./refused.ts";

/** Lets in whoever any of these lets in, asked in their order: tokens of two issuers, tokens or certificates. */
export function anyOf(...authenticators: readonly Authenticator[]): Authenticator {
  return {
    name: authenticators.map(({ name }) => name).join(" or "),
    async authenticate(knock, signal) {
      const errors: ExportError[] = [];
      for (const each of authenticators) {
        try {
          return await each.authenticate(knock, signal);
        } catch (error) {
          errors.push(ExportError.from(error));
        }
      }
      // "Not now" and "not you" say more than "who are you".
      const telling = errors.find(({ code }) => code !== "unauthenticated");
      throw telling ?? refused(errors.map((error) => (error.cause as Error | undefined)?.message).join("; "));
    },
    async close() {
      await Promise.all(authenticators.map(async (each) => each.close?.()));
    },
  };
}
