import { ExportError } from "@otlpkit/core";
import { sleep, type Time } from "../time.ts";
import type { EtcdClient } from "./client.ts";
import { type Event, type Header, watch, type WatchResponse } from "./messages.ts";
import { tokenReason } from "./status.ts";

/** What a watch is about, and who hears of it. */
export interface WatchFrom {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly startRevision: bigint;
  /** A member must have said that the watch stands within this time. */
  readonly timeoutMs: number;
  /** The watch stands. */
  onCreated(header: Header): void;
  /** Everything up to `header.revision` has been told, `events` included; there may be none. */
  onEvents(events: readonly Event[], header: Header): void;
}

/** How a watch ended: history was given up; another token may help; or the stream is gone, for a reason or not. */
export type WatchEnd =
  | { readonly why: "compacted" }
  | { readonly why: "token" }
  | { readonly why: "lost"; readonly error: ExportError };

/**
 * One watch on a stream of its own, until it ends or `signal` aborts. A stream that carries one watch has no others that
 * would have to live on when that one is cancelled.
 */
export async function watchFrom(
  client: EtcdClient,
  from: WatchFrom,
  signal: AbortSignal,
  time: Time,
): Promise<WatchEnd> {
  const { key, rangeEnd, startRevision, timeoutMs } = from;
  const over = new AbortController();
  let result: WatchEnd = { why: "lost", error: new ExportError("cancelled", "the watch was given up") };
  const end = (because: WatchEnd): void => {
    if (over.signal.aborted) return;
    result = because;
    over.abort();
  };
  const lost = (message: string): void => end({ why: "lost", error: new ExportError("unavailable", message) });
  const cancelTimer = time.setTimer(() => lost(`etcd has not begun the watch within ${timeoutMs} ms`), timeoutMs);

  // Parts of a revision too large for one message, until it is whole.
  let parts: Event[] = [];
  const onMessage = (message: WatchResponse): void => {
    if (over.signal.aborted) return;
    const { header, created, canceled, compactRevision, cancelReason, fragment, events } = message;
    if (compactRevision > 0n) return end({ why: "compacted" });
    if (canceled && tokenReason(cancelReason)) return end({ why: "token" });
    if (canceled) return lost(`etcd has cancelled the watch: ${cancelReason || "it says not why"}`);
    if (header === undefined) return lost("etcd has sent a message without a header");
    if (created) {
      cancelTimer();
      from.onCreated(header);
    }
    parts.push(...events);
    if (fragment) return;
    const whole = parts;
    parts = [];
    if (!created || whole.length > 0) from.onEvents(whole, header);
  };

  const create = { key, rangeEnd, startRevision, progressNotify: true, fragment: true };
  const onAbort = (): void => over.abort();
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  let endStream = (): void => {};
  try {
    endStream = await client.stream(watch, { create }, onMessage, (error) =>
      end({ why: "lost", error: error ?? new ExportError("unavailable", "etcd has ended the watch") }),
    );
    await sleep(time, Infinity, over.signal);
  } finally {
    endStream();
    cancelTimer();
    signal.removeEventListener("abort", onAbort);
  }
  return result;
}
