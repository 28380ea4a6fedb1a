import { brotli, deflate, gzip, zstd } from "@otlpkit/compression";
import { type Batch, ExportError } from "@otlpkit/core";
import { jsonToProtobuf } from "@otlpkit/otlp";

const maxBytes = 256 * 1024 * 1024;
const codecs = { gzip, zstd, deflate, br: brotli } as const;

/**
 * The batch as uncompressed protobuf, whatever it was.
 *
 * @throws ExportError "unsupported" for a coding that nobody knows; "invalid" for bytes that are not what they are called
 */
export async function plainBatch(batch: Batch): Promise<Batch> {
  const { signal, encoding, format } = batch;
  let { body } = batch;
  if (encoding !== "identity") {
    const codec = Object.hasOwn(codecs, encoding) ? codecs[encoding as keyof typeof codecs] : undefined;
    if (!codec) throw new ExportError("unsupported", `cannot unpack the coding "${encoding}"`);
    body = await codec().decompress(body, maxBytes);
  }
  if (format === "json") body = jsonToProtobuf(signal, body).body;
  return { ...batch, body, encoding: "identity", format: "protobuf" };
}
