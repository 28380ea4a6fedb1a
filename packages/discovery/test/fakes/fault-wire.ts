import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "@otlpkit/testkit/node";

/** A port that leads to a real server's, and can be troubled as only a network can. */
export interface FaultWire {
  readonly port: number;
  readonly openConnections: number;
  /** Ends connections and refuses new ones. */
  cut(): Promise<void>;
  /** Takes everything and lets nothing through, on new connections and on those there are. */
  stall(): void;
  /** Ends connections, and answers new ones with HTTP that makes no sense. */
  garble(): void;
  /** Leads to the server again. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function faultWire(toPort: number): Promise<FaultWire> {
  const port = await freePort();
  const pairs = new Map<Socket, Socket | undefined>();
  let mode: "through" | "stalled" | "garbled" = "through";
  let server: Server | undefined;

  function onConnection(near: Socket): void {
    near.on("error", () => {});
    near.once("close", () => {
      pairs.get(near)?.destroy();
      pairs.delete(near);
    });
    pairs.set(near, undefined);
    if (mode === "stalled") return void near.resume();
    if (mode === "garbled") {
      near.on("data", () => near.end("HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>"));
      return;
    }
    const far = connect(toPort, "127.0.0.1");
    pairs.set(near, far);
    far.on("error", () => near.destroy());
    far.once("close", () => near.destroy());
    near.pipe(far).pipe(near);
  }
  const drop = (): void => {
    for (const near of pairs.keys()) near.destroy();
  };
  async function open(): Promise<void> {
    if (server !== undefined) return;
    const made = createServer(onConnection);
    await new Promise<void>((resolve, reject) => {
      made.once("error", reject);
      made.listen(port, "127.0.0.1", resolve);
    });
    server = made;
  }
  async function cut(): Promise<void> {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
    drop();
    await closed;
  }
  await open();
  return {
    port,
    get openConnections() {
      return pairs.size;
    },
    cut,
    stall() {
      mode = "stalled";
      for (const [near, far] of pairs) {
        if (far === undefined) continue;
        near.unpipe(far).resume();
        far.unpipe(near).resume();
      }
    },
    garble() {
      mode = "garbled";
      drop();
    },
    async restore() {
      if (mode !== "through") drop();
      mode = "through";
      await open();
    },
    close: cut,
  };
}
