import { type Signal, signals } from "@otlpkit/core";
import type { OtlpClient } from "../otlp-client.ts";
import { diagnostics } from "./diagnostics.ts";

// What is lost is mostly lost again a moment later (O-23).
const quietMs = 10_000;

/**
 * Tells the program's logger what became of items that did not arrive, each kind of trouble at most once in ten seconds.
 * Returns what ends that.
 */
export function diagnoseLosses(client: Pick<OtlpClient, "on">, signal: Signal): () => void {
  const what = signals[signal].items;
  const tellDropped = seldom((items, why) => diagnostics().error(`otlpkit: ${items} ${what} were lost: ${why}`));
  const tellRejected = seldom((items, why) => diagnostics().warn(`otlpkit: ${items} ${what} were refused: ${why}`));
  const tellWarning = seldom((_, why) => diagnostics().warn(`otlpkit: the far side says of ${what}: ${why}`));
  const ends = [
    client.on("dropped", (event) => {
      if (event.signal === signal) tellDropped(event.items, event.error.message);
    }),
    client.on("rejected", (event) => {
      if (event.signal === signal) tellRejected(event.items, event.reason);
    }),
    client.on("delivered", (event) => {
      if (event.signal === signal && event.warning !== "") tellWarning(event.items, event.warning);
    }),
    diagnoseRetries(client, signal),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Tells the program's logger of attempts that failed and are made again, no more often. Returns what ends that. */
export function diagnoseRetries(client: Pick<OtlpClient, "on">, signal: Signal): () => void {
  const tell = seldom((items, why) =>
    diagnostics().info(`otlpkit: ${items} ${signals[signal].items} are sent again: ${why}`),
  );
  return client.on("retrying", (event) => {
    if (event.signal === signal) tell(event.items, event.error.message);
  });
}

/** Passes the first on at once, and then no more than one in `quietMs`, with the items of those between. */
function seldom(tell: (items: number, why: string) => void): (items: number, why: string) => void {
  let quietUntil = -Infinity;
  let untold = 0;
  return (items, why) => {
    untold += items;
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + quietMs;
    tell(untold, why);
    untold = 0;
  };
}
