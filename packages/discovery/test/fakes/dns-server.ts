import { createSocket, type RemoteInfo, type Socket as Datagrams } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { type Answer, decode, encode, type Packet, type Question } from "dns-packet";

/** How the fake misbehaves. */
export type DnsFault =
  /** Answers by UDP say that they did not fit. */
  | "truncated"
  /** Comes first: an answer to another question, one with another id, and garbage. The true one follows. */
  | "impostors"
  /** Nothing but bytes that are no message. */
  | "garbage"
  | "silent"
  | "servfail"
  | "refused"
  /** A mistake for whoever uses EDNS0. */
  | "no-edns";

/** A DNS server with one zone, "test", over UDP and TCP on the same port of 127.0.0.1. */
export interface FakeDns {
  readonly port: number;
  /** `127.0.0.1:5353`. */
  readonly address: string;
  /** What it was asked, as "udp A relay.test". */
  readonly questions: readonly string[];
  /** Ports that questions came from by UDP, and their ids. */
  readonly sources: readonly { readonly port: number; readonly id: number }[];
  /** Sets all records of a name, of whatever types. None: the name exists no more. */
  set(name: string, records: readonly FakeRecord[]): void;
  /** The time for which "there is none" holds. Default 1 s. */
  negativeTtl(seconds: number): void;
  fault(fault: DnsFault | undefined): void;
  /** Gives the port back, or takes it again. */
  listen(on: boolean): Promise<void>;
  readonly openConnections: number;
  close(): Promise<void>;
}

export type FakeRecord = { readonly ttl?: number } & (
  | { readonly type: "A" | "AAAA" | "CNAME"; readonly data: string }
  | {
      readonly type: "SRV";
      readonly data: {
        readonly target: string;
        readonly port: number;
        readonly priority?: number;
        readonly weight?: number;
      };
    }
);

const authoritative = 0x04_00;
const truncatedFlag = 0x02_00;
const codes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

export async function fakeDns(): Promise<FakeDns> {
  const zone = new Map<string, readonly FakeRecord[]>();
  const questions: string[] = [];
  const sources: { port: number; id: number }[] = [];
  const connections = new Set<Socket>();
  let fault: DnsFault | undefined;
  let minimum = 1;
  let port = 0;
  let udp: Datagrams | undefined;
  let tcp: Server | undefined;

  function answers({ name, type }: Question, into: Answer[] = []): Answer[] {
    for (const record of zone.get(name.toLowerCase()) ?? []) {
      if (record.type === type || record.type === "CNAME") into.push({ ttl: 1, ...record, name });
      if (record.type === "CNAME" && into.length < 20) answers({ name: record.data, type }, into);
    }
    return into;
  }

  function reply(request: Packet, how: "udp" | "tcp"): Packet {
    const [question] = request.questions ?? [];
    if (question === undefined) return { type: "response", id: request.id ?? 0, flags: codes.FORMERR };
    questions.push(`${how} ${question.type} ${question.name}`);
    const head = { type: "response" as const, id: request.id ?? 0, questions: [question] };
    const withEdns = request.additionals?.some(({ type }) => type === "OPT") === true;
    if (fault === "servfail") return { ...head, flags: codes.SERVFAIL };
    if (fault === "refused") return { ...head, flags: codes.REFUSED };
    if (fault === "no-edns" && withEdns) return { ...head, flags: codes.FORMERR };
    if (fault === "truncated" && how === "udp") return { ...head, flags: authoritative | truncatedFlag };
    const found = answers(question);
    const exists = zone.has(question.name.toLowerCase());
    const soa = {
      type: "SOA" as const,
      name: "test",
      ttl: 60,
      data: { mname: "ns.test", rname: "root.test", serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
    };
    return {
      ...head,
      flags: authoritative | (exists ? codes.NOERROR : codes.NXDOMAIN),
      answers: found,
      authorities: found.length === 0 ? [soa] : [],
    };
  }

  const onDatagram = (socket: Datagrams, bytes: Buffer, from: RemoteInfo): void => {
    if (fault === "silent") return;
    const send = (answer: Uint8Array): void => socket.send(answer, from.port, from.address);
    if (fault === "garbage") return send(Uint8Array.of(1, 2, 3));
    const request = decode(bytes);
    sources.push({ port: from.port, id: request.id ?? 0 });
    if (fault === "impostors") {
      const lie = (id: number, name: string): Uint8Array =>
        encode({
          type: "response",
          id,
          questions: [{ type: request.questions?.[0]?.type ?? "A", name }],
          answers: [{ type: "A", name, ttl: 60, data: "127.6.6.6" }],
        });
      const name = request.questions?.[0]?.name ?? "";
      send(lie(((request.id ?? 0) + 1) & 0xffff, name));
      send(lie(request.id ?? 0, "elsewhere.test"));
      send(encode({ ...request, type: "query" }));
      send(Uint8Array.of(0));
    }
    send(encode(reply(request, "udp")));
  };

  const onConnection = (socket: Socket): void => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    socket.on("error", () => {});
    let received = Buffer.alloc(0);
    socket.on("data", (piece: Buffer) => {
      if (fault === "silent") return;
      received = Buffer.concat([received, piece]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const message = encode(reply(decode(received.subarray(2)), "tcp"));
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      // In pieces, since TCP knows no messages.
      socket.write(length.subarray(0, 1));
      setImmediate(() => {
        socket.write(Buffer.concat([length.subarray(1), message.subarray(0, 5)]));
        setImmediate(() => socket.end(message.subarray(5)));
      });
    });
  };

  async function open(): Promise<void> {
    for (;;) {
      const socket = createSocket("udp4");
      socket.on("message", (bytes, from) => onDatagram(socket, bytes, from));
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind(port, "127.0.0.1", resolve);
      });
      const server = createServer(onConnection);
      const bound = await new Promise<boolean>((resolve) => {
        server.once("error", () => resolve(false));
        server.listen(socket.address().port, "127.0.0.1", () => resolve(true));
      });
      if (bound) {
        [udp, tcp, port] = [socket, server, socket.address().port];
        return;
      }
      // Somebody else has that port for TCP.
      socket.close();
    }
  }

  async function shut(): Promise<void> {
    const [socket, server] = [udp, tcp];
    [udp, tcp] = [undefined, undefined];
    for (const connection of connections) connection.destroy();
    await Promise.all([
      new Promise<void>((resolve) => (socket === undefined ? resolve() : socket.close(resolve))),
      new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))),
    ]);
  }

  await open();
  return {
    port,
    address: `127.0.0.1:${port}`,
    questions,
    sources,
    set(name, records) {
      if (records.length === 0) zone.delete(name);
      else zone.set(name, records);
    },
    negativeTtl: (seconds) => (minimum = seconds),
    fault: (next) => (fault = next),
    async listen(on) {
      if (on && udp === undefined) await open();
      if (!on) await shut();
    },
    get openConnections() {
      return connections.size;
    },
    close: shut,
  };
}
