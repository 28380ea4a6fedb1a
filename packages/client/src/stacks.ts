import { type Sender, type Signal, signalNames } from "@otlpkit/core";
import type { SignalSettings } from "./settings/settings.ts";
import { stack, type Surroundings } from "./stack.ts";

/** The way of each signal. Signals that go to one place by the same settings share one, with its connections. */
export function stacks(around: Surroundings): Readonly<Record<Signal, Sender>> {
  const built: { readonly settings: SignalSettings; readonly sender: Sender }[] = [];
  const ways = signalNames.map((signal): [Signal, Sender] => {
    const settings = around.settings.signals[signal];
    const shared = built.find((other) => same(other.settings, settings));
    if (shared !== undefined) return [signal, shared.sender];
    const sender = stack(settings, around);
    built.push({ settings, sender });
    return [signal, sender];
  });
  return Object.fromEntries(ways) as Record<Signal, Sender>;
}

/** What concerns the lane in front of the stack may differ. */
const ofTheLane: ReadonlySet<string> = new Set(["maxAgeMs", "maxQueueItems", "giveUpAfterMs"]);

function same(a: SignalSettings, b: SignalSettings): boolean {
  return (Object.keys(a) as (keyof SignalSettings)[]).every(
    (name) => ofTheLane.has(name) || a[name] === b[name] || alike(a[name], b[name]),
  );
}

/** Plain records of plain values, as headers are. Whoever makes two compressors means two. */
function alike(a: unknown, b: unknown): boolean {
  return isPlain(a) && isPlain(b) && JSON.stringify(a) === JSON.stringify(b);
}

function isPlain(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((member) => typeof member === "string" || typeof member === "boolean")
  );
}
