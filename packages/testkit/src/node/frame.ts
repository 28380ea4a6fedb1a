/** A gRPC message as it goes over the wire: one byte of flag (1: compressed), four of length, the bytes. */
export function frame(body: Uint8Array, flag = 0): Uint8Array {
  const framed = new Uint8Array(5 + body.length);
  framed[0] = flag;
  new DataView(framed.buffer).setUint32(1, body.length);
  framed.set(body, 5);
  return framed;
}
