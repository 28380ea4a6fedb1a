import { type Ack, type Batch, ExportError, type Sender, type SendOptions } from "@otlpkit/core";

/** One of several that a batch goes to. */
export interface Branch {
  readonly id: string;
  readonly sender: Sender;
}

/**
 * Sends every batch to all branches at once and answers when all have answered (H-05). No branch waits for another: a
 * dead destination is refused its batch again and again while the healthy ones have long taken theirs. The bytes are
 * shared, not copied (H-06).
 *
 * There is one answer for the sender, so it is the one that loses nothing:
 *
 * | branches | answer |
 * |---|---|
 * | all took it | success; `rejectedItems` is the largest of theirs, messages say whose they are |
 * | one failed and may be tried again | that error, with the longest wait asked for: the sender repeats the batch, and branches that took it get it twice |
 * | one failed for good, the others took it or failed for good | the first such error: repeating would not help |
 */
export function fanOut(branches: readonly Branch[]): Sender {
  const [only] = branches;
  if (only !== undefined && branches.length === 1) return only.sender;
  return {
    send: (batch, options) => sendToAll(branches, batch, options),
    async close() {
      await Promise.all(branches.map(({ sender }) => sender.close()));
    },
  };
}

async function sendToAll(branches: readonly Branch[], batch: Batch, options: SendOptions): Promise<Ack> {
  const errors: { id: string; error: ExportError }[] = [];
  const messages: string[] = [];
  let rejectedItems = 0;
  await Promise.all(
    branches.map(async ({ id, sender }) => {
      try {
        const ack = await sender.send(batch, options);
        rejectedItems = Math.max(rejectedItems, ack.rejectedItems);
        if (ack.message !== "") messages.push(`${id}: ${ack.message}`);
      } catch (thrown) {
        errors.push({ id, error: ExportError.from(thrown) });
      }
    }),
  );
  if (errors.length > 0) throw combined(errors, branches.length);
  return { rejectedItems, message: messages.join("; ") };
}

function combined(errors: readonly { id: string; error: ExportError }[], branches: number): ExportError {
  const { id, error } = errors.find((failure) => failure.error.retryable) ?? errors[0]!;
  const longestWait = Math.max(...errors.map((failure) => (failure.error.retryable ? failure.error.retryAfterMs : 0)));
  const message = `${errors.length} of ${branches} destinations failed; ${id}: ${error.message}`;
  const { code, retryable, grpcStatus } = error;
  return new ExportError(code, message, { retryable, grpcStatus, retryAfterMs: longestWait, cause: error });
}
