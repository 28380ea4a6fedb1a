import type { Socket as Datagrams } from "node:dgram";
import type { Socket } from "node:net";
import { ExportError } from "@otlpkit/core";
import type { DecodedPacket } from "dns-packet";
import { answerTo, type Query } from "./message.ts";

/** A DNS server. */
export interface Server {
  readonly host: string;
  readonly port: number;
}

/**
 * Puts one question to one server: by UDP from a port of its own, and by TCP when the answer does not fit.
 *
 * @throws whatever the sockets say, or the reason of `signal`.
 */
export async function exchange(server: Server, query: Query, signal: AbortSignal): Promise<DecodedPacket> {
  const packet = await byUdp(server, query, signal);
  return packet.flag_tc ? byTcp(server, query, signal) : packet;
}

function byUdp({ host, port }: Server, query: Query, signal: AbortSignal): Promise<DecodedPacket> {
  const { createSocket } = process.getBuiltinModule("node:dgram");
  const socket: Datagrams = createSocket(host.includes(":") ? "udp6" : "udp4");
  return settled(
    signal,
    () => socket.close(),
    (resolve, reject) => {
      socket.on("error", reject);
      socket.on("message", (bytes) => {
        const packet = answerTo(query, bytes);
        if (packet !== undefined) resolve(packet);
      });
      // Connected, so that the kernel drops what others send, and tells when nobody listens there.
      socket.connect(port, host, () => socket.send(query.bytes));
    },
  );
}

function byTcp({ host, port }: Server, query: Query, signal: AbortSignal): Promise<DecodedPacket> {
  const { connect } = process.getBuiltinModule("node:net");
  const socket: Socket = connect(port, host);
  let received = Buffer.alloc(0);
  return settled(
    signal,
    () => socket.destroy(),
    (resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", () => reject(new ExportError("unavailable", "the connection ended before the answer did")));
      socket.on("data", (piece: Buffer) => {
        received = Buffer.concat([received, piece]);
        // Messages come with their length in front.
        const length = received.length < 2 ? Infinity : received.readUInt16BE(0);
        if (received.length < 2 + length) return;
        const packet = answerTo(query, received.subarray(2, 2 + length));
        if (packet === undefined) reject(new ExportError("bad-response", "the answer makes no sense"));
        else resolve(packet);
      });
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.bytes.byteLength);
      socket.write(Buffer.concat([length, query.bytes]));
    },
  );
}

/** A promise that ends with the signal too, and lets go in any case. */
function settled<T>(
  signal: AbortSignal,
  letGo: () => void,
  begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  const waiting = new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    begin(
      (value) => {
        signal.removeEventListener("abort", onAbort);
        resolve(value);
      },
      (error) => {
        signal.removeEventListener("abort", onAbort);
        reject(error);
      },
    );
  });
  return waiting.finally(letGo);
}
