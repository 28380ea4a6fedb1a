import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { Stage } from "../scenario.ts";
import { within } from "./seen.ts";

/** Whom this process tries to reach. */
export interface Dialled {
  /** "localhost:4317", as asked for, whether anybody listens there or not. */
  readonly seen: readonly string[];
  /** Resolves with the first, or after a while. */
  first(): Promise<void>;
}

export function dialled(stage: Stage): Dialled {
  const seen: string[] = [];
  const note = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    let asked = "";
    socket.once("lookup", (_error: unknown, _address: unknown, _family: unknown, host: string) => (asked = host));
    socket.on("connectionAttempt", (address: string, port: number) => seen.push(`${asked || named(address)}:${port}`));
  };
  subscribe("net.client.socket", note);
  stage.after(() => unsubscribe("net.client.socket", note));
  return {
    seen,
    async first() {
      await within(3000, () => seen.length > 0);
    },
  };
}

/** Whoever looks names up itself dials addresses. */
function named(address: string): string {
  return address === "127.0.0.1" || address === "::1" ? "localhost" : address;
}
