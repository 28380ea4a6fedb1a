import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A way to a server, real or played, on which things go wrong. */
export interface FaultProxy {
  /** Of 127.0.0.1; the same over cuts. */
  readonly port: number;
  /** Between us and those who ask. */
  readonly openConnections: number;
  /** Ends all connections and takes no more. */
  cut(): Promise<void>;
  /** Ends all connections and takes others: a network that hiccups. */
  drop(): void;
  /** Takes everything and hands on nothing, without closing anything. */
  stall(): Promise<void>;
  /** Answers with bytes that are no protocol. */
  garble(): Promise<void>;
  /** All is well again. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

const garbage = "\u0000\u0001 this is neither HTTP/1 nor HTTP/2 \r\n\r\n".repeat(20);

/** Leads to a port of 127.0.0.1. */
export async function faultProxy(targetPort: number): Promise<FaultProxy> {
  let fault: "stall" | "garble" | undefined;
  const pairs = new Map<Socket, Socket>();
  let held: (() => void)[] = [];
  let server: Server | undefined;
  let port = 0;

  const onConnection = (inner: Socket): void => {
    const outer = connect(targetPort, "127.0.0.1");
    pairs.set(inner, outer);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on("error", () => to.destroy());
      from.on("close", () => {
        pairs.delete(inner);
        to.destroy();
      });
      from.on("data", (piece: Buffer) => {
        // Read all the same, or nobody would notice that the other side has gone.
        if (fault === "stall") held.push(() => to.write(piece));
        else if (fault !== "garble") to.write(piece);
        else if (from === inner) inner.write(garbage);
      });
    }
  };
  const drop = (): void => {
    for (const [inner, outer] of pairs) {
      inner.destroy();
      outer.destroy();
    }
  };
  async function listen(): Promise<void> {
    const listening = createServer(onConnection);
    server = listening;
    await new Promise<void>((resolve, reject) => {
      listening.once("error", reject);
      listening.listen(port, "127.0.0.1", resolve);
    });
    port = (listening.address() as AddressInfo).port;
  }
  async function cut(): Promise<void> {
    const closing = server;
    server = undefined;
    const closed = new Promise<void>((resolve) => {
      if (closing === undefined) resolve();
      else closing.close(() => resolve());
    });
    drop();
    await closed;
  }

  await listen();
  return {
    get port() {
      return port;
    },
    get openConnections() {
      return pairs.size;
    },
    cut,
    drop,
    async stall() {
      fault = "stall";
    },
    async garble() {
      fault = "garble";
      for (const inner of pairs.keys()) inner.write(garbage);
    },
    async restore() {
      fault = undefined;
      for (const write of held) write();
      held = [];
      if (server === undefined) await listen();
    },
    close: cut,
  };
}
