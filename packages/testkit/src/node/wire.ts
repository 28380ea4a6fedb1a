import { connect, createServer, type Socket } from "node:net";
import { listening } from "./listening.ts";

/** A port that leads to another, over connections that can go silent. */
export interface TestWire {
  /** `http://127.0.0.1:12345`, whatever is spoken over it. */
  readonly url: string;
  readonly port: number;
  /** Connections from clients. */
  readonly openConnections: number;
  /** Connections ever opened. */
  readonly totalConnections: number;
  /**
   * From now on the connections of the moment swallow everything, both ways, and stay open: what a client sees whose far
   * side was unplugged. New connections work.
   */
  freeze(): void;
  /** Cuts every connection and gives the port back. Safe to call twice. */
  close(): Promise<void>;
}

/** Leads to a port of 127.0.0.1 by another one. */
export async function testWire(toPort: number): Promise<TestWire> {
  const server = createServer();
  const listener = await listening(server, false);
  const farSides = new Set<Socket>();
  const freezers = new Set<() => void>();
  server.on("connection", (near: Socket) => {
    const far = connect(toPort, "127.0.0.1");
    farSides.add(far);
    near.pipe(far).pipe(near);
    const freeze = (): void => {
      near.unpipe(far).resume();
      far.unpipe(near).resume();
    };
    freezers.add(freeze);
    far.on("error", () => near.destroy());
    far.once("close", () => {
      farSides.delete(far);
      freezers.delete(freeze);
      near.destroy();
    });
    near.once("close", () => far.destroy());
  });
  return {
    url: listener.url,
    port: listener.port,
    get openConnections() {
      return listener.openConnections;
    },
    get totalConnections() {
      return listener.totalConnections;
    },
    freeze() {
      for (const freeze of freezers) freeze();
    },
    close() {
      for (const far of farSides) far.destroy();
      return listener.close();
    },
  };
}
