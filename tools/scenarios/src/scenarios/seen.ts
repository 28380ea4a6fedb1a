import type { Format } from "@otlpkit/core";
import { itemIds } from "@otlpkit/testkit";
import { type Backend, decompressed, type ReceivedRequest } from "@otlpkit/testkit/node";
import { hold } from "../scenario.ts";
import type { Items } from "../items.ts";
import type { Outcome } from "../subject.ts";

// What was seen, in words.

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves with whether the condition came true in time. Looks seldom at what takes long to look at. */
export async function within(ms: number, condition: () => boolean): Promise<boolean> {
  const untilMs = performance.now() + ms;
  for (;;) {
    const lookedMs = performance.now();
    if (condition()) return true;
    if (performance.now() > untilMs) return false;
    await pause(5 + 10 * (performance.now() - lookedMs));
  }
}

export function requests({ requests: { length } }: Backend): string {
  return length === 1 ? "1 request" : `${length} requests`;
}

/** How an export ended: "delivered after 2 requests", "lost after 1 request". */
export function ended(outcome: Outcome, backend: Backend): string {
  return `${outcome.ok ? "said to be delivered" : "failed"} after ${requests(backend)}`;
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 3000 ? 1 : 0)} s`;
}

/** Of `items`, how many the backend has not taken. */
export function missing(items: Items, backend: Backend): number {
  const taken = new Set(backend.acceptedItemIds());
  return items.ids.filter((id) => !taken.has(id)).length;
}

/** Everything has arrived, and once. */
export function holdAllArrived(items: Items, backend: Backend): void {
  const lost = missing(items, backend);
  hold(lost === 0, `${lost} of ${items.ids.length} lost`);
  const twice = backend.acceptedItemIds().length - items.ids.length;
  hold(twice === 0, `${twice} of ${items.ids.length} delivered twice`);
}

/** The times between requests, in ms. */
export function gaps({ requests: all }: Backend): number[] {
  return all.slice(1).map(({ atMs }, index) => atMs - (all[index] as ReceivedRequest).atMs);
}

/** Warnings and errors among the reports. */
export function warnings(reports: readonly string[]): readonly string[] {
  return reports.filter((line) => /^(warn|error)/.test(line));
}

/** What is inside a request, and how it is written. */
export function opened(request: ReceivedRequest): { readonly body: Uint8Array; readonly format: Format } {
  const json = request.headers["content-type"]?.startsWith("application/json") ?? false;
  return { body: decompressed(request), format: json ? "json" : "protobuf" };
}

/** How many items each request has. */
export function sizes({ requests: all }: Backend): number[] {
  return all.map((request) => {
    const { body, format } = opened(request);
    return request.signal === undefined ? 0 : itemIds(request.signal, body, format).length;
  });
}
