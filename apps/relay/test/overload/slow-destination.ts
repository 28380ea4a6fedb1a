import { accepted } from "@otlpkit/core";
import type { Ledger } from "@otlpkit/testkit";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";

/** A destination that takes only so much. */
export interface SlowDestination {
  readonly url: string;
  /** Requests answered so far. */
  readonly answered: number;
  /** The most requests it had at a time, those waiting included. */
  readonly mostUnderWay: number;
  close(): Promise<void>;
}

/** Takes OTLP/gRPC, works on `capacity` requests at a time for `serviceMs` each, and keeps account of items. */
export async function slowDestination(capacity: number, serviceMs: number, book: Ledger): Promise<SlowDestination> {
  const line: (() => void)[] = [];
  let working = 0;
  let answered = 0;
  let mostUnderWay = 0;
  const listening = await grpcReceiver({ port: 0, maxConcurrentStreams: 1000 }).listen({
    async send(batch) {
      if (working < capacity) working++;
      else await new Promise<void>((resolve) => line.push(resolve));
      mostUnderWay = Math.max(mostUnderWay, working + line.length);
      await new Promise((resolve) => setTimeout(resolve, serviceMs));
      const next = line.shift();
      if (next === undefined) working--;
      else next();
      book.received(batch);
      answered++;
      return accepted;
    },
    close: () => Promise.resolve(),
  });
  return {
    url: `http://${listening.address}`,
    get answered() {
      return answered;
    },
    get mostUnderWay() {
      return mostUnderWay;
    },
    close: () => listening.close({ graceMs: 0 }),
  };
}
