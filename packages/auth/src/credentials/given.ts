import type { Secret } from "../secrets/secret.ts";
import type { SecretSource } from "../secrets/secret-source.ts";

/** A secret as people have it: the text itself, wrapped so that nothing prints it, or a place that knows it as it is now. */
export type Given = string | Secret | Pick<SecretSource, "get">;

/** The text, as it is now. Hand it on, do not keep it. */
export async function revealed(given: Given, signal?: AbortSignal): Promise<string> {
  if (typeof given === "string") return given;
  if ("get" in given) return (await given.get(signal)).reveal();
  return given.reveal();
}
