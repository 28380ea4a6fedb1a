import { type Endpoint, ExportError } from "@otlpkit/core";

/**
 * Reads the text of a list: JSON, or one URL a line.
 *
 * - JSON: an array of URLs and of objects with the members of `Endpoint`, or an object that has it under "endpoints".
 * - Lines: a URL, then perhaps `name=value` pairs after spaces: `http://a:4317 weight=2 zone=b id=a draining=true`; other
 *   names are metadata. What follows `#` at the beginning or after a space is a comment.
 *
 * @throws ExportError "invalid", which says where, when any part of it makes no sense: half a list is worse than an old one.
 */
export function parseList(text: string): readonly Endpoint[] {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  return /^[[{]/.test(trimmed) ? fromJson(trimmed) : fromLines(trimmed);
}

function fromJson(text: string): readonly Endpoint[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid("it begins like JSON and is none", cause);
  }
  const list = Array.isArray(value) ? value : (value as { readonly endpoints?: unknown }).endpoints;
  if (!Array.isArray(list)) throw invalid('there must be a list, or an object with a list under "endpoints"');
  return list.map((item: unknown, index) =>
    endpoint(typeof item === "string" ? { url: item } : item, `endpoint ${index + 1}`),
  );
}

function fromLines(text: string): readonly Endpoint[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const [url, ...pairs] = line
      .replace(/(^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    if (url === undefined || url === "") return [];
    const where = `line ${index + 1}`;
    const named: Record<string, unknown> = { url };
    const metadata: Record<string, string> = {};
    for (const pair of pairs) {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(pair) ?? [];
      if (name === undefined || value === undefined) throw invalid(`${where}: after the URL come pairs name=value`);
      if (name === "weight") named["weight"] = value === "" ? Number.NaN : Number(value);
      else if (name === "draining") named["draining"] = { true: true, false: false }[value];
      else if (name === "id" || name === "zone") named[name] = value;
      else metadata[name] = value;
    }
    return [endpoint(Object.keys(metadata).length === 0 ? named : { ...named, metadata }, where)];
  });
}

/** The member is what it should be, or absent. */
const members: Readonly<Record<string, (value: unknown) => boolean>> = {
  url: isUrl,
  id: isText,
  weight: (value) => typeof value === "number" && Number.isFinite(value) && value >= 0,
  zone: isText,
  draining: (value) => typeof value === "boolean",
  metadata: (value) =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string"),
};

function endpoint(value: unknown, where: string): Endpoint {
  if (typeof value !== "object" || value === null) throw invalid(`${where} must be a URL or an object`);
  if (!("url" in value)) throw invalid(`${where} has no "url"`);
  for (const [name, member] of Object.entries(value)) {
    const fits = members[name];
    if (fits === undefined)
      throw invalid(`${where}: there is no "${name}"; there are ${Object.keys(members).join(", ")}`);
    if (!fits(member)) throw invalid(`${where}: "${name}" is not what it must be`);
  }
  return value as Endpoint;
}

function isUrl(value: unknown): boolean {
  if (typeof value !== "string") return false;
  return /^unix:(?:\/\/)?\/./i.test(value) || (/^https?:\/\//i.test(value) && URL.canParse(value));
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function invalid(why: string, cause?: unknown): ExportError {
  return new ExportError("invalid", `cannot use the list of endpoints: ${why}`, { cause });
}
