// gRPC's ways of putting things into HTTP/2 headers, both directions.

/**
 * Headers as gRPC metadata: keys in lower case, values of keys that end in `-bin` in base64. Headers that the
 * protocol itself sets are left out, so nobody can break a call with them.
 */
export function metadataOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (reserved.has(key) || key.startsWith(":") || key.startsWith("grpc-")) continue;
    metadata[key] = key.endsWith("-bin") ? Buffer.from(value, "utf8").toString("base64") : value;
  }
  return metadata;
}

const reserved: ReadonlySet<string> = new Set([
  "content-type",
  "te",
  "user-agent",
  "host",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "content-length",
]);

/** Whether a content type is one of gRPC: "application/grpc", "application/grpc+proto". */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:$|[+;])/i.test(contentType);
}

/** Writes a status text for `grpc-message`: printable ASCII stays, the rest and `%` become `%XX` of UTF-8. */
export function encodeGrpcMessage(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** Reads `grpc-message`. What is not a valid escape stays as it is, as the protocol asks. */
export function decodeGrpcMessage(encoded: string): string {
  if (!encoded.includes("%")) return encoded;
  const bytes = Buffer.from(encoded, "utf8");
  const decoded = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const escape = bytes[at] === 0x25 ? bytes.toString("latin1", at + 1, at + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(escape)) {
      decoded[length++] = Number.parseInt(escape, 16);
      at += 2;
    } else {
      decoded[length++] = bytes[at] as number;
    }
  }
  return decoded.toString("utf8", 0, length);
}

const timeoutUnits: readonly (readonly [unit: string, ms: number])[] = [
  ["m", 1],
  ["S", 1_000],
  ["M", 60_000],
  ["H", 3_600_000],
];

/**
 * `grpc-timeout` for so many ms (at least 1), rounded up to two digits. The far side may give up a little later than we
 * do, which harms nobody; and calls with the same timeout get the same header, which then is one byte on the wire. At
 * most eight digits are allowed, so long ones are written in coarser units.
 */
export function encodeGrpcTimeout(timeoutMs: number): string {
  for (const [unit, ms] of timeoutUnits) {
    const count = Math.max(1, Math.ceil(timeoutMs / ms));
    const step = 10 ** Math.max(0, Math.ceil(Math.log10(count + 1)) - 2);
    const rounded = Math.ceil(count / step) * step;
    if (rounded <= 99_999_999) return `${rounded}${unit}`;
  }
  return "99999999H";
}

/** ms of a `grpc-timeout`; undefined when there is none or it makes no sense, which means no limit. */
export function decodeGrpcTimeout(text: string | undefined): number | undefined {
  const parts = text === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(text);
  if (parts === null) return undefined;
  const count = Number(parts[1]);
  if (parts[2] === "n") return count / 1e6;
  if (parts[2] === "u") return count / 1e3;
  return count * (timeoutUnits.find(([unit]) => unit === parts[2])?.[1] ?? 1);
}
