import type { Batch } from "@otlpkit/core";
import type { AttributeValue, ItemView, MessageView } from "@otlpkit/otlp";
import { attributesHash } from "./attributes-hash.ts";
import { hashText, joinHashes } from "./hash.ts";
import type { Key } from "./key.ts";

/**
 * All that comes from resources with the same values of these attributes goes to one endpoint. Default: "service.name",
 * as the Collector's routing key "service" does; what lacks an attribute counts as one.
 */
export function byResource(...attributes: readonly string[]): Key {
  const names = attributes.length === 0 ? ["service.name"] : attributes;
  return keyOfResource(`resource ${names.join(", ")}`, () => (resource) => hashOf(resource, names));
}

/**
 * All that comes from the same resource goes to one endpoint, as the Collector's routing key "resource" does: all of its
 * attributes count, in whatever order they come.
 */
export function byWholeResource(): Key {
  return keyOfResource("whole resource", ({ body }) => ({ ranges, type }) => {
    let hash = 0;
    for (let at = 0; at < ranges.length; at += 2) {
      hash = joinHashes(hash, attributesHash(body, ranges[at] as number, ranges[at + 1] as number, type));
    }
    return hash;
  });
}

function keyOfResource(name: string, hashIn: (batch: Batch) => (resource: MessageView) => number): Key {
  return {
    name,
    differsByItem: true,
    of(batch) {
      const hashOfResource = hashIn(batch);
      let resource: MessageView | undefined;
      let hash = 0;
      return (item) => {
        const current = (item as ItemView).resource;
        // The view is the same one as long as the container around the items is.
        if (current !== resource) {
          resource = current;
          hash = hashOfResource(current);
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
