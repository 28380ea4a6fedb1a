import {
  type BaggageEntry,
  baggageEntryMetadataFromString,
  type Context,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from "@opentelemetry/api";
import { isSuppressed } from "../suppressed.ts";
import { percentDecode, percentEncode } from "./percent.ts";
import { trimSpace } from "./trace-state.ts";

const header = "baggage";
/** At least 64 members in 8,192 bytes must be carried (W3C Baggage, limits); what is over that is left out, whole members at a time. */
const maxMembers = 180;
const maxBytes = 8192;

/**
 * Carries baggage, the key-value pairs that a program gives its requests along, in the header `baggage` (W3C Baggage).
 * Whoever is asked can read it: no secrets, and none to strangers.
 */
export function baggagePropagator(): TextMapPropagator {
  return {
    inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
      const baggage = propagation.getBaggage(context);
      if (baggage === undefined || isSuppressed(context)) return;
      const text = withinLimits(baggage.getAllEntries().map(formatMember));
      if (text !== "") setter.set(carrier, header, text);
    },

    extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
      const value = getter.get(carrier, header);
      const text = Array.isArray(value) ? value.join() : value;
      if (typeof text !== "string" || text === "") return context;
      const entries = parseBaggage(text);
      return Object.keys(entries).length === 0
        ? context
        : propagation.setBaggage(context, propagation.createBaggage(entries));
    },

    fields: () => [header],
  };
}

function formatMember([key, { value, metadata }]: [string, BaggageEntry]): string {
  const properties = metadata?.toString() ?? "";
  // Keys are tokens, and a token may hold more marks than percentEncode leaves alone.
  const name = key.replace(/[^!#$&'*+\-.^_`|~0-9A-Za-z]+/g, percentEncode);
  return `${name}=${percentEncode(value)}${properties === "" ? "" : `;${properties}`}`;
}

function withinLimits(members: readonly string[]): string {
  let text = "";
  let count = 0;
  for (const member of members) {
    const longer = count === 0 ? member : `${text},${member}`;
    if (longer.length > maxBytes || count === maxMembers || !headerText.test(member)) continue;
    text = longer;
    count++;
  }
  return text;
}

/** Nothing else may get into a header, for instance by the metadata of an entry. */
const headerText = /^[\t -~]*$/;

/** Members that are not right are passed over; of two with the same key the later counts. */
function parseBaggage(text: string): Record<string, BaggageEntry> {
  const entries: [string, BaggageEntry][] = [];
  let bytes = -1;
  for (const member of text.split(",", maxMembers)) {
    bytes += member.length + 1;
    if (bytes > maxBytes) break;
    const [pair = "", ...properties] = member.split(";");
    const equals = pair.indexOf("=");
    const key = trimSpace(pair.slice(0, Math.max(equals, 0)));
    if (!token.test(key)) continue;
    const entry: BaggageEntry = { value: percentDecode(trimSpace(pair.slice(equals + 1))) };
    if (properties.length > 0) entry.metadata = baggageEntryMetadataFromString(trimSpace(properties.join(";")));
    entries.push([percentDecode(key), entry]);
  }
  return Object.fromEntries(entries);
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
