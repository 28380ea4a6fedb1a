import { type Batch, ExportError } from "@otlpkit/core";

/** Why this batch is not even sent; undefined when it may be. */
export function refusedBeforeSending(
  batch: Batch,
  maxRequestBytes: number,
  attempted: string,
  closed: boolean,
  signal: AbortSignal | undefined,
  deadline: number | undefined,
): ExportError | undefined {
  if (closed) return new ExportError("closed", `${attempted}: the sender has been closed`);
  if (signal?.aborted === true) {
    return new ExportError("cancelled", `${attempted}: given up by the caller`, { cause: signal.reason });
  }
  if (deadline !== undefined && deadline <= performance.now()) {
    return new ExportError("timeout", `${attempted}: the time given for it was over before it began`);
  }
  if (batch.format !== "protobuf") {
    return new ExportError("unsupported", `${attempted}: OTLP/gRPC carries protobuf only; send JSON over HTTP`);
  }
  if (batch.body.byteLength > maxRequestBytes) {
    return new ExportError(
      "too-large",
      `${attempted}: the request of ${batch.body.byteLength} bytes is larger than maxRequestBytes ` +
        `(${maxRequestBytes}) and was not sent; split it first`,
    );
  }
  return undefined;
}
