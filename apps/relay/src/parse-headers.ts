/**
 * Reads `OTEL_EXPORTER_OTLP_HEADERS`: `key=value,key=value`, values percent-decoded, keys not, `+` is no space (I-12). A
 * member that cannot be read is left out with a warning that does not show it, as it may be a secret.
 */
export function parseHeaders(list: string | undefined, warnings: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, member] of (list ?? "").split(",").entries()) {
    if (member.trim() === "") continue;
    const [, key = "", value = ""] = /^([^=]*)=(.*)$/su.exec(member) ?? [];
    const name = key.trim().toLowerCase();
    const decoded = decode(value.trim());
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/u.test(name) || decoded === undefined || value.includes(";")) {
      warnings.push(`member ${index + 1} of the headers is not of the form key=value; it is left out`);
    } else headers[name] = decoded;
  }
  return headers;
}

function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined; // "%zz"
  }
}
