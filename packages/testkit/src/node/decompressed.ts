import * as zlib from "node:zlib";
import type { ReceivedRequest } from "./backend.ts";

/** The body of a request without its content coding. Throws when it is damaged or Node does not know the coding. */
export function decompressed(request: Pick<ReceivedRequest, "headers" | "body" | "compressedFlag">): Uint8Array {
  const grpc = /^application\/grpc/i.test(request.headers["content-type"] ?? "");
  const coding = grpc ? request.headers["grpc-encoding"] : request.headers["content-encoding"];
  if (coding === undefined || coding === "identity" || (grpc && request.compressedFlag === 0)) return request.body;
  if (coding === "gzip") return zlib.gunzipSync(request.body);
  if (coding === "deflate") return zlib.inflateSync(request.body);
  if (coding === "br") return zlib.brotliDecompressSync(request.body);
  // Node has zstd from 22.15 on.
  if (coding === "zstd" && "zstdDecompressSync" in zlib) return zlib.zstdDecompressSync(request.body);
  throw new Error(`this Node cannot undo the content coding ${coding}`);
}
