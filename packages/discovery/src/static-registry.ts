import type { Endpoint, Registry } from "@otlpkit/core";
import { endpointList } from "./endpoint-list.ts";

/**
 * A list that never changes, as a {@link Registry}: what is written in a configuration, and tests.
 *
 * @param endpoints Endpoints, or their URLs.
 * @throws TypeError when a URL is none.
 */
export function staticRegistry(endpoints: readonly (Endpoint | string)[]): Registry {
  const list = endpointList(endpoints.map(checked));
  return {
    name: "static",
    async *watch(signal) {
      if (signal.aborted) return;
      yield list;
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
    },
  };
}

function checked(given: Endpoint | string): Endpoint {
  const endpoint = typeof given === "string" ? { url: given } : given;
  if (/^unix:/i.test(endpoint.url)) return endpoint;
  if (!/^https?:\/\//i.test(endpoint.url) || !URL.canParse(endpoint.url)) {
    throw new TypeError(`staticRegistry: an endpoint must be a URL such as http://collector:4317, not ${endpoint.url}`);
  }
  return endpoint;
}
