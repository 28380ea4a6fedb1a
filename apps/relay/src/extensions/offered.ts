import { ExportError } from "@otlpkit/core";
import type { Extension, Offers } from "../component.ts";
import type { Reference } from "../references.ts";

/** An extension that runs. */
export interface StartedExtension {
  readonly id: string;
  readonly extension: Extension;
}

/**
 * What an extension has for others.
 *
 * @throws ExportError "rejected" when it offers something else; says who does
 */
export function offered<K extends keyof Offers>(
  { offer: what, extension: id }: Reference<K>,
  extensions: readonly StartedExtension[],
): Offers[K] {
  const found = extensions.find((each) => each.id === id);
  const offer = found?.extension.offers?.[what];
  if (offer !== undefined) return offer;
  const others = extensions.filter(({ extension }) => extension.offers?.[what] !== undefined).map((each) => each.id);
  const hint = others.length === 0 ? "" : `; ${others.join(", ")} does`;
  throw new ExportError("rejected", `the extension ${id} offers no ${what}${hint}`);
}

/** Whatever it offers goes with it. */
export async function closeExtension({ extension }: StartedExtension): Promise<void> {
  await extension.offers?.authenticator?.close?.();
  await extension.close();
}
