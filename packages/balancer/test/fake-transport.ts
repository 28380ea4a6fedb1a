import type { Transport } from "@otlpkit/core";
import { type FakeClock, recordingSender, type RecordingSender, type Reply } from "@otlpkit/testkit";

/** A transport whose far sides are recording senders, one for each connection. */
export interface FakeTransport extends Transport {
  /** Connections in the order in which they were opened. */
  readonly opened: readonly { readonly host: string; readonly sender: RecordingSender }[];
  /** The latest connection to a host. */
  to(host: string): RecordingSender;
  /** What connections to a host answer that are opened from now on, and those that are open. */
  script(host: string, ...replies: Reply[]): void;
  /** How many batches a host was given, over all connections. */
  count(host: string): number;
}

export function fakeTransport(clock?: FakeClock): FakeTransport {
  const opened: { host: string; sender: RecordingSender }[] = [];
  const scripts = new Map<string, Reply[]>();
  return {
    name: "fake",
    opened,
    connect({ url }) {
      const host = new URL(url).hostname;
      const sender = recordingSender(clock === undefined ? {} : timeOf(clock));
      const script = scripts.get(host);
      if (script !== undefined) sender.script(...script);
      opened.push({ host, sender });
      return sender;
    },
    to(host) {
      const found = opened.findLast((one) => one.host === host);
      if (found === undefined) throw new Error(`no connection to ${host} was opened`);
      return found.sender;
    },
    script(host, ...replies) {
      scripts.set(host, replies);
      for (const one of opened) if (one.host === host) one.sender.script(...replies);
    },
    count: (host) =>
      opened.filter((one) => one.host === host).reduce((sum, { sender }) => sum + sender.batches.length, 0),
  };
}

/** The time of a clock, for options. */
export function timeOf(clock: FakeClock): Pick<FakeClock, "now" | "setTimer"> {
  return { now: () => clock.now(), setTimer: (run, delayMs) => clock.setTimer(run, delayMs) };
}
