import { ExportError } from "@otlpkit/core";

const newline = 10;

/**
 * The lines of a stream, wherever the borders of its pieces are. What comes after the last newline is left out: a stream
 * that was cut ends with half a line.
 *
 * @throws ExportError "bad-response" when a line is longer than `maxBytes`.
 */
export async function* lines(pieces: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string, void, void> {
  const held: Uint8Array[] = [];
  let bytes = 0;
  const hold = (piece: Uint8Array): void => {
    held.push(piece);
    bytes += piece.byteLength;
    if (bytes > maxBytes) {
      throw new ExportError("bad-response", `a line has more than the ${maxBytes} bytes allowed`, { retryable: true });
    }
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let to = piece.indexOf(newline); to >= 0; to = piece.indexOf(newline, from)) {
      hold(piece.subarray(from, to));
      from = to + 1;
      const line = Buffer.concat(held.splice(0)).toString("utf8");
      bytes = 0;
      if (line.trim() !== "") yield line;
    }
    if (from < piece.byteLength) hold(piece.subarray(from));
  }
}
