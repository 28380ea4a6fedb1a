import { type AttributeValue, type ItemView, messages, type MessageView } from "@otlpkit/otlp";
import { hashText, joinHashes } from "./hash.ts";
import type { Key } from "./key.ts";

/**
 * All items with the same values of these attributes go to one endpoint, as the Collector's routing key "attributes" does.
 * Each is looked for in the resource, then in the scope, then in the item. Where no attribute is called so, "span.name" and
 * "span.kind" are those of the span, "log.severity" and "log.body" the text of either. What lacks an attribute counts as
 * one.
 *
 * @throws RangeError when none is named
 */
export function byAttributes(...names: readonly string[]): Key {
  if (names.length === 0) throw new RangeError("byAttributes: name at least one attribute");
  return {
    name: `attributes ${names.join(", ")}`,
    differsByItem: true,
    of() {
      return (item) => names.reduce((hash, name) => joinHashes(hash, hashText(textOf(item as ItemView, name))), 0);
    },
  };
}

function textOf(item: ItemView, name: string): string {
  for (const place of [item.resource, item.scope, item]) {
    const value = hasAttributes(place) ? place.attribute(name) : undefined;
    if (value !== undefined) return plain(value);
  }
  return pseudoAttributes[`${item.signal} ${name}`]?.(item) ?? "";
}

const pseudoAttributes: Readonly<Record<string, (item: ItemView) => string | undefined>> = {
  "traces span.name": (span) => span.text("name"),
  "traces span.kind": (span) => String(span.number("kind") ?? 0),
  "logs log.severity": (record) => record.text("severityText"),
  "logs log.body": (record) => plain(record.value("body") ?? null),
};

/** Profiles keep theirs in a dictionary. */
function hasAttributes({ type }: MessageView): boolean {
  return messages[type]?.fields.some(({ name }) => name === "attributes") === true;
}

/** Lists, maps and bytes name nobody; they count as absent. */
function plain(value: AttributeValue): string {
  return typeof value === "object" ? "" : String(value);
}
