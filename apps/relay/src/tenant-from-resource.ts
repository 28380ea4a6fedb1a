import { type Ack, type Batch, type ByteBudget, ExportError, type Middleware, type SendOptions } from "@otlpkit/core";
import { splitByResource } from "@otlpkit/otlp";

/** Options of {@link tenantFromResource}. */
export interface TenantFromResourceOptions {
  /** What tenants may hold of what is under way. */
  readonly budget: ByteBudget;
  /** Told of each tenant for whom there was no room. */
  readonly onRefused: (tenant: string, error: ExportError) => void;
}

/** Asked of those who are refused when the budget can't tell. */
const unknownWaitMs = 1000;

/** Longer ones would cost memory for everyone who makes one up; they count as nobody's. */
const maxChars = 128;

/**
 * Says whose a batch is by an attribute of its resources, cuts it where they are of several tenants, and lets in what
 * their shares allow. Batches that have a tenant already pass as they are.
 *
 * A batch of several goes in whole or not at all. If then a part of it fails so that it may be sent again, all of it is:
 * the other tenants' items arrive twice. What fails for good is counted as rejected if something was taken.
 */
export function tenantFromResource(attribute: string, options: TenantFromResourceOptions): Middleware {
  const { budget, onRefused } = options;

  function hold(pieces: readonly Batch[]): () => void {
    const held: Batch[] = [];
    const release = (): void => {
      for (const { body, tenant } of held) budget.release(body.byteLength, tenant);
    };
    for (const piece of pieces) {
      const { body, signal, tenant } = piece;
      if (budget.reserve(body.byteLength, tenant)) {
        held.push(piece);
        continue;
      }
      release();
      if (body.byteLength > budget.largestBytes) {
        const most = `more than the ${budget.largestBytes} that one may hold`;
        throw new ExportError(
          "too-large",
          `cannot take ${body.byteLength} bytes of ${signal}: ${most}; send less at once`,
        );
      }
      const retryAfterMs = Math.max(budget.retryAfterMs(body.byteLength, tenant), 0) || unknownWaitMs;
      const whose = tenant === undefined ? "those without a tenant" : "this tenant";
      const message = `cannot take ${body.byteLength} bytes of ${signal}: ${whose} has too many under way; send again later`;
      const error = new ExportError("overloaded", message, { retryAfterMs });
      if (tenant !== undefined) onRefused(tenant, error);
      throw error;
    }
    return release;
  }

  return (next) => ({
    async send(batch, sendOptions) {
      if (batch.tenant !== undefined) return next.send(batch, sendOptions);
      const pieces = [...splitByResource(batch, attribute)].map(([name, piece]) => owned(piece, name));
      const release = hold(pieces);
      try {
        const [only] = pieces;
        if (pieces.length === 1 && only !== undefined) return await next.send(only, sendOptions);
        return await sendAll(pieces, sendOptions, (piece, how) => next.send(piece, how));
      } finally {
        release();
      }
    },
    close: () => next.close(),
  });
}

function owned(piece: Batch, name: string): Batch {
  return name === "" || name.length > maxChars ? piece : { ...piece, tenant: name };
}

async function sendAll(
  pieces: readonly Batch[],
  options: SendOptions,
  send: (piece: Batch, options: SendOptions) => Promise<Ack>,
): Promise<Ack> {
  const answers = await Promise.all(
    pieces.map((piece) => send(piece, options).catch((error: unknown) => ExportError.from(error))),
  );
  const errors = answers.filter((answer): answer is ExportError => ExportError.is(answer));
  const again = errors.find(({ retryable }) => retryable);
  if (again !== undefined) throw again;
  const [first] = errors;
  if (first !== undefined && errors.length === answers.length) throw first;
  let rejectedItems = 0;
  const messages = new Set<string>();
  for (const [number, answer] of answers.entries()) {
    rejectedItems += ExportError.is(answer) ? (pieces[number] as Batch).items : answer.rejectedItems;
    if (answer.message !== "") messages.add(answer.message);
  }
  return { rejectedItems, message: [...messages].join("; ") };
}
