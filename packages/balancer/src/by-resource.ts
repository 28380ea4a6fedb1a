import type { AttributeValue, ItemView, MessageView } from "@otlpkit/otlp";
import { hashText, joinHashes } from "./hash.ts";
import type { Key } from "./key.ts";

/**
 * All that comes from resources with the same values of these attributes goes to one endpoint. Default: "service.name",
 * as the Collector's routing key "service" does; what lacks an attribute counts as one.
 */
export function byResource(...attributes: readonly string[]): Key {
  const names = attributes.length === 0 ? ["service.name"] : attributes;
  return {
    name: `resource ${names.join(", ")}`,
    differsByItem: true,
    of() {
      let resource: MessageView | undefined;
      let hash = 0;
      return (item) => {
        const current = (item as ItemView).resource;
        // The view is the same one as long as the container around the items is.
        if (current !== resource) {
          resource = current;
          hash = hashOf(current, names);
        }
        return hash;
      };
    },
  };
}

function hashOf(resource: MessageView, names: readonly string[]): number {
  let hash = 0;
  for (const name of names) hash = joinHashes(hash, hashText(textOf(resource.attribute(name))));
  return hash;
}

/** Lists, maps and bytes name nobody; they count as absent. */
function textOf(value: AttributeValue | undefined): string {
  return typeof value === "object" || value === undefined ? "" : String(value);
}
