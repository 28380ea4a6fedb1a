/**
 * Writes whatever may not stand in a token of HTTP as `%XX` of its UTF-8, and some that may. Halves of surrogates become
 * U+FFFD.
 */
export function percentEncode(text: string): string {
  const encoded = encodeURIComponent(text.replace(loneSurrogate, "\u{FFFD}"));
  return encoded.replace(/[()]/g, (parenthesis) => (parenthesis === "(" ? "%28" : "%29"));
}

const loneSurrogate = /\p{Surrogate}/gu;

/** Reads `%XX`. Bytes that are no UTF-8 become U+FFFD; a `%` without two hex digits stays. */
export function percentDecode(text: string): string {
  if (!text.includes("%")) return text;
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) =>
    utf8.decode(Uint8Array.from(escapes.slice(1).split("%"), (hex) => Number.parseInt(hex, 16))),
  );
}
