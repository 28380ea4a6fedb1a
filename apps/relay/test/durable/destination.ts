import { accepted, type Ack, type Batch } from "@otlpkit/core";
import { itemIds, type Ledger } from "@otlpkit/testkit";
import { freePort } from "@otlpkit/testkit/node";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";

/** A destination over gRPC that goes away and comes back. */
export interface Destination {
  readonly url: string;
  /** The first item of each request that it took, in order. */
  readonly firstItems: readonly string[];
  /** Opens its port, or closes it on whoever is connected. */
  up(): Promise<void>;
  down(): Promise<void>;
}

/** Writes down what it takes; `serve` takes the time that an answer needs, or fails. It is down at first. */
export async function destination(
  book: Ledger,
  serve: () => Promise<void> = () => Promise.resolve(),
): Promise<Destination> {
  const port = await freePort();
  const firstItems: string[] = [];
  let listening: { close(options: { graceMs: number }): Promise<void> } | undefined;

  async function send(batch: Batch): Promise<Ack> {
    await serve();
    book.received(batch);
    firstItems.push(firstItemOf(batch));
    return accepted;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    firstItems,
    async up() {
      listening ??= await grpcReceiver({ port }).listen({ send, close: () => Promise.resolve() });
    },
    async down() {
      const open = listening;
      listening = undefined;
      await open?.close({ graceMs: 0 });
    },
  };
}

/** By which a batch is known again. */
export function firstItemOf({ body, format, signal }: Batch): string {
  return itemIds(signal, body, format)[0] ?? "";
}
