import type { Key } from "./key.ts";
import { hashText } from "./hash.ts";

/** All of a tenant goes to one endpoint; what has no tenant counts as one. */
export function byTenant(): Key {
  return wholeBatch("tenant", ({ tenant }) => tenant);
}

/** All that carries the same value of a header that is sent onward, such as "x-scope-orgid", goes to one endpoint. */
export function byHeader(name: string): Key {
  const lower = name.toLowerCase();
  return wholeBatch(`header ${lower}`, ({ headers }) => headers[lower]);
}

function wholeBatch(name: string, textOf: (batch: Parameters<Key["of"]>[0]) => string | undefined): Key {
  return {
    name,
    differsByItem: false,
    of(batch) {
      const hash = hashText(textOf(batch) ?? "");
      return () => hash;
    },
  };
}
