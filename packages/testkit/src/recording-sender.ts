import { type Ack, accepted, type Batch, ExportError, type Sender, type SendOptions } from "@otlpkit/core";

/** What a {@link RecordingSender} says to one batch; "hang" says nothing, until the caller gives up. */
export type Reply =
  | Ack
  | ExportError
  | "hang"
  | ((batch: Batch, options: SendOptions, n: number) => Ack | Promise<Ack>);

/** A sender that keeps what it is given and answers as it is told. */
export interface RecordingSender extends Sender {
  /** In the order in which they came, those refused included. */
  readonly batches: readonly Batch[];
  /** The options of each send. */
  readonly options: readonly SendOptions[];
  /** From now on: these replies in order, the last one for ever. Before: accepted. */
  script(...replies: Reply[]): void;
  /** Whether `close` has finished. */
  readonly closed: boolean;
  /** How often `close` was called. */
  readonly closes: number;
  /** Sends under way now. */
  readonly underWay: number;
  /** The most sends under way at one time. */
  readonly maxUnderWay: number;
}

/** What a recording sender can be made with. */
export interface RecordingSenderOptions {
  /** The clock of deadlines. Default: `performance.now`. */
  readonly now?: () => number;
  /** Runs something later and returns what cancels it. Default: `setTimeout`. */
  readonly setTimer?: (run: () => void, delayMs: number) => () => void;
}

/**
 * The far side in a test. It keeps the whole contract of a sender: deadlines and abort signals are obeyed, `close` waits
 * for what is under way, and afterwards a send fails with "closed". What hangs without a deadline ends at `close`.
 */
export function recordingSender(options: RecordingSenderOptions = {}): RecordingSender {
  const now = options.now ?? (() => performance.now());
  const setTimer = options.setTimer ?? timeout;
  const batches: Batch[] = [];
  const given: SendOptions[] = [];
  const underWay = new Set<Promise<unknown>>();
  const hanging = new Set<() => void>();
  let replies: Reply[] = [accepted];
  let used = 0;
  let maxUnderWay = 0;
  let closes = 0;
  let closed = false;
  let closing: Promise<void> | undefined;

  const answer = (batch: Batch, sendOptions: SendOptions): Promise<Ack> => {
    const reply = replies[Math.min(used++, replies.length - 1)] ?? accepted;
    if (reply === "hang") return new Promise((_, reject) => hanging.add(() => reject(closedError())));
    if (typeof reply === "function") return Promise.resolve(reply(batch, sendOptions, batches.length));
    return ExportError.is(reply) ? Promise.reject(reply) : Promise.resolve(reply);
  };

  return {
    batches,
    options: given,
    async send(batch, sendOptions) {
      if (closing) throw closedError();
      if (sendOptions.signal?.aborted) throw cancelledError();
      if (sendOptions.deadline !== undefined && sendOptions.deadline <= now()) throw timeoutError();
      batches.push(batch);
      given.push(sendOptions);
      const cleanups: (() => void)[] = [];
      const answered = new Promise<Ack>((resolve, reject) => {
        const { deadline, signal } = sendOptions;
        if (deadline !== undefined) cleanups.push(setTimer(() => reject(timeoutError()), deadline - now()));
        const onAbort = (): void => reject(cancelledError());
        signal?.addEventListener("abort", onAbort, { once: true });
        cleanups.push(() => signal?.removeEventListener("abort", onAbort));
        try {
          answer(batch, sendOptions).then(resolve, reject);
        } catch (error) {
          reject(error);
        }
      });
      underWay.add(answered);
      maxUnderWay = Math.max(maxUnderWay, underWay.size);
      try {
        return await answered;
      } finally {
        underWay.delete(answered);
        for (const cleanup of cleanups) cleanup();
      }
    },
    close() {
      closes++;
      closing ??= (async () => {
        for (const end of hanging) end();
        await Promise.allSettled(underWay);
        closed = true;
      })();
      return closing;
    },
    script(...next) {
      if (next.length === 0) throw new Error("script() needs at least one reply");
      replies = next;
      used = 0;
    },
    get closed() {
      return closed;
    },
    get closes() {
      return closes;
    },
    get underWay() {
      return underWay.size;
    },
    get maxUnderWay() {
      return maxUnderWay;
    },
  };
}

const closedError = (): ExportError => new ExportError("closed", "cannot send: the recording sender is closed");
const cancelledError = (): ExportError => new ExportError("cancelled", "the caller gave up on the recording sender");
const timeoutError = (): ExportError =>
  new ExportError("timeout", "the recording sender was not asked to answer in time");

function timeout(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
