import {
  type Ack,
  type Batch,
  ExportError,
  protobufBatch,
  type Sender,
  type SendOptions,
  type Signal,
} from "@otlpkit/core";
import type { SetTimer } from "./timer.ts";
import { waitingLine } from "./waiting-line.ts";

/** How many connections an endpoint gets, and for how long. */
export interface PoolOptions {
  /** Connections to one endpoint at most. Default 1: HTTP/2 carries many requests, and HTTP/1 transports open their own. */
  readonly maxConnections?: number;
  /** Another connection is opened when all have so many requests under way. Default 100, what HTTP/2 servers mostly allow. */
  readonly requestsPerConnection?: number;
  /** Requests under way to one endpoint at most; more wait. Default 1,024. */
  readonly maxInFlight?: number;
  /** Requests that may wait; one more goes to another endpoint, or is refused as "overloaded". Default 1,024. */
  readonly maxPending?: number;
  /** A connection without requests is closed after so many ms. Default 300,000; 0: never. */
  readonly idleTimeoutMs?: number;
  /**
   * A connection is replaced after so many ms: new requests go to a new one, and the old one is closed when it has
   * nothing under way. What spreads load anew when endpoints hide behind one address. Default 0: never.
   */
  readonly maxAgeMs?: number;
  /** Part of `maxAgeMs` and `idleTimeoutMs` that is left to chance, so that not all go at once. Default 0.1. */
  readonly ageJitter?: number;
  /**
   * Opens a connection before it is needed, by a request of this signal without items, which OTLP allows. Default: none;
   * the first batch opens it.
   */
  readonly warmUp?: Signal;
}

/** Options with nothing left open. */
export type Pool = Required<Omit<PoolOptions, "warmUp">> & Pick<PoolOptions, "warmUp">;

/** Fills in what is not said. */
export function poolOptions(options: PoolOptions = {}): Pool {
  const { maxConnections = 1, requestsPerConnection = 100, maxInFlight = 1_024, maxPending = 1_024 } = options;
  const { idleTimeoutMs = 300_000, maxAgeMs = 0, ageJitter = 0.1 } = options;
  for (const [name, value] of Object.entries({ maxConnections, requestsPerConnection, maxInFlight })) {
    if (!(value >= 1)) throw new RangeError(`pool: ${name} must be at least 1, not ${value}`);
  }
  for (const [name, value] of Object.entries({ maxPending, idleTimeoutMs, maxAgeMs, ageJitter })) {
    if (!(value >= 0)) throw new RangeError(`pool: ${name} must be 0 or more, not ${value}`);
  }
  const filled = { maxConnections, requestsPerConnection, maxInFlight, maxPending, idleTimeoutMs, maxAgeMs, ageJitter };
  return options.warmUp === undefined ? filled : { ...filled, warmUp: options.warmUp };
}

/** What a pool leans on. */
export interface PoolMeans {
  readonly now: () => number;
  readonly setTimer: SetTimer;
  readonly random: () => number;
}

/** A sender over some connections to one endpoint. */
export interface ConnectionPool extends Sender {
  /** Opens a connection now, if so wanted. Never fails. */
  warmUp(): void;
  readonly connections: number;
}

interface Connection {
  readonly sender: Sender;
  inFlight: number;
  /** When it is to be replaced. */
  readonly retiresAtMs: number;
  retired: boolean;
  cancelIdle: () => void;
}

/**
 * Keeps connections to one endpoint: `connect` opens one, which goes to whoever has least to do. What cannot go waits for
 * its turn, as long as its deadline allows.
 *
 * @throws ExportError "overloaded" from `send` when too many wait; nothing was sent then.
 */
export function connectionPool(connect: () => Sender, place: string, pool: Pool, means: PoolMeans): ConnectionPool {
  const { now, setTimer, random } = means;
  const connections = new Set<Connection>();
  const closings = new Set<Promise<void>>();
  const line = waitingLine(place, pool.maxInFlight, pool.maxPending, means);
  let closing: Promise<void> | undefined;

  const jittered = (ms: number): number => (ms === 0 ? Infinity : ms * (1 + pool.ageJitter * (random() - 0.5)));

  function open(): Connection {
    const connection: Connection = {
      sender: connect(),
      inFlight: 0,
      retiresAtMs: now() + jittered(pool.maxAgeMs),
      retired: false,
      cancelIdle: () => {},
    };
    connections.add(connection);
    return connection;
  }

  function letGo(connection: Connection): void {
    connection.cancelIdle();
    if (!connections.delete(connection)) return;
    const closed = connection.sender.close().catch(() => {
      // Nobody can do anything about a connection that does not even close.
    });
    closings.add(closed);
    void closed.then(() => closings.delete(closed));
  }

  /** The least busy connection, or a further one when all are busy and there may be more. */
  function choose(): Connection {
    const nowMs = now();
    let best: Connection | undefined;
    let count = 0;
    for (const connection of connections) {
      if (!connection.retired && nowMs >= connection.retiresAtMs) {
        connection.retired = true;
        if (connection.inFlight === 0) letGo(connection);
      }
      if (connection.retired) continue;
      count++;
      if (best === undefined || connection.inFlight < best.inFlight) best = connection;
    }
    if (best === undefined) return open();
    return best.inFlight >= pool.requestsPerConnection && count < pool.maxConnections ? open() : best;
  }

  async function through(connection: Connection, batch: Batch, options: SendOptions): Promise<Ack> {
    connection.cancelIdle();
    connection.inFlight++;
    try {
      return await connection.sender.send(batch, options);
    } finally {
      connection.inFlight--;
      if (connection.inFlight === 0) rest(connection);
    }
  }

  function rest(connection: Connection): void {
    if (connection.retired) letGo(connection);
    else if (pool.idleTimeoutMs > 0 && closing === undefined) {
      connection.cancelIdle = setTimer(() => letGo(connection), jittered(pool.idleTimeoutMs));
    }
  }

  async function closeAll(): Promise<void> {
    await line.empty();
    for (const connection of connections) letGo(connection);
    await Promise.all(closings);
  }

  return {
    async send(batch, options) {
      if (closing) throw new ExportError("closed", `the connections to ${place} are closed`);
      const leave = await line.enter(options);
      try {
        return await through(choose(), batch, options);
      } finally {
        leave();
      }
    },
    close: () => (closing ??= closeAll()),
    warmUp() {
      if (pool.warmUp === undefined || closing || connections.size > 0) return;
      const deadline = now() + 10_000;
      try {
        through(open(), protobufBatch(pool.warmUp, new Uint8Array(), 0), { deadline }).catch(() => {
          // It is open all the same, or the first batch will tell.
        });
      } catch {
        // `connect` refuses this endpoint; the first batch is told why.
      }
    },
    get connections() {
      return connections.size;
    },
  };
}
