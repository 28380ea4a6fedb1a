import { createSocket } from "node:dgram";
import { once } from "node:events";

/** A DNS server that knows the addresses of one name, whatever it is asked for, for a second. */
export interface SmallDns {
  /** "127.0.0.1:5353". */
  readonly address: string;
  /** IPv4 addresses, from the next question on. */
  addresses: readonly string[];
  close(): void;
}

/** Answers by UDP. The whole of DNS is played, and met, where its registry is tested. */
export async function smallDns(): Promise<SmallDns> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const dns: SmallDns = {
    address: `127.0.0.1:${socket.address().port}`,
    addresses: [],
    close: () => socket.close(),
  };
  socket.on("message", (question, { address, port }) => {
    const nameEnd = question.indexOf(0, 12) + 1;
    // Types: A is 1, everything else is unknown here.
    const found = question.readUInt16BE(nameEnd) === 1 ? dns.addresses : [];
    const head = Buffer.from(question.subarray(0, 12));
    // A reply, with authority; one question; so many answers, and nothing else.
    head.writeUInt16BE(0x84_00, 2);
    for (const [at, count] of [1, found.length, 0, 0].entries()) head.writeUInt16BE(count, 4 + at * 2);
    const answers = found.map((ip) =>
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...ip.split(".").map(Number)]),
    );
    socket.send(Buffer.concat([head, question.subarray(12, nameEnd + 4), ...answers]), port, address);
  });
  return dns;
}
