import { decode, type DecodedPacket, encode, type Question } from "dns-packet";

/** The types of records that are asked for. */
export type Asked = "A" | "AAAA" | "SRV";

/** A question on its way. */
export interface Query {
  readonly name: string;
  readonly type: Asked;
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** What we can take by UDP in one piece on nearly every path (DNS flag day 2020). */
const udpPayloadSize = 1232;
const recursionDesired = 0x01_00;

/** A question with an id that nobody can foresee. `extended`: with EDNS0, which servers of long ago do not know. */
export function query(name: string, type: Asked, extended: boolean): Query {
  const [id = 0] = crypto.getRandomValues(new Uint16Array(1));
  const bytes = encode({
    type: "query",
    id,
    flags: recursionDesired,
    questions: [{ name, type, class: "IN" }],
    additionals: extended
      ? [
          {
            type: "OPT",
            name: ".",
            udpPayloadSize,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  });
  return { name, type, id, bytes };
}

/**
 * The answer to this very question. `undefined` for whatever else arrives: garbage, a question, another id, another name;
 * it may come from somebody who would like us to believe it, and the true answer may still be on its way.
 */
export function answerTo(asked: Query, bytes: Uint8Array): DecodedPacket | undefined {
  let packet: DecodedPacket;
  try {
    packet = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    return undefined;
  }
  const question = packet.questions?.[0];
  const mine = packet.id === asked.id && packet.type === "response" && isSame(question, asked);
  return mine ? packet : undefined;
}

function isSame(question: Question | undefined, asked: Query): boolean {
  return question !== undefined && question.type === asked.type && sameName(question.name, asked.name);
}

/** Names differ neither by case nor by a dot at the end. */
export function sameName(a: string, b: string): boolean {
  return plainName(a) === plainName(b);
}

export function plainName(name: string): string {
  return name.toLowerCase().replace(/(?<=.)\.$/, "");
}

/** The kind of an answer: "NOERROR", "NXDOMAIN", "SERVFAIL". */
export function rcodeOf(packet: DecodedPacket): string {
  return (packet as { readonly rcode?: string }).rcode ?? "NOERROR";
}
