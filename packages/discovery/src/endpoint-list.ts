import type { Endpoint } from "@otlpkit/core";

/** The list as a registry tells it: each id once (the last one counts), sorted by id, nothing absent. */
export function endpointList(endpoints: Iterable<Endpoint | undefined>): readonly Endpoint[] {
  const byId = new Map<string, Endpoint>();
  for (const endpoint of endpoints) if (endpoint !== undefined) byId.set(idOf(endpoint), endpoint);
  // By code units, so that the order is the same whatever language the machine speaks.
  return [...byId].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, endpoint]) => endpoint);
}

/** Whether two lists say the same. */
export function sameList(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return a.length === b.length && a.every((endpoint, index) => sameEndpoint(endpoint, b[index]));
}

function idOf({ id, url }: Endpoint): string {
  return id ?? url;
}

function sameEndpoint(a: Endpoint, b: Endpoint | undefined): boolean {
  return (
    b !== undefined &&
    a.url === b.url &&
    idOf(a) === idOf(b) &&
    (a.weight ?? 1) === (b.weight ?? 1) &&
    a.zone === b.zone &&
    (a.draining ?? false) === (b.draining ?? false) &&
    sameText(a.metadata ?? {}, b.metadata ?? {})
  );
}

function sameText(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
