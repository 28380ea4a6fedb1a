import { ExportError } from "@otlpkit/core";
import { type Pem, pem } from "../tls.ts";

/** What `import("@grpc/grpc-js")` gives. */
export type GrpcJs = typeof import("@grpc/grpc-js");

let loading: Promise<GrpcJs> | undefined;

/**
 * Loads the optional peer when it is first needed: it costs 50 ms and 20 MiB.
 *
 * @throws ExportError "unsupported" when it is not installed.
 */
export function loadGrpcJs(): Promise<GrpcJs> {
  loading ??= import("@grpc/grpc-js").catch((error: unknown) => {
    loading = undefined;
    throw new ExportError(
      "unsupported",
      "cannot load @grpc/grpc-js, which is an optional peer of @otlpkit/transport-grpc; install it, or use grpcTransport " +
        "and grpcReceiver, which need nothing",
      { cause: error },
    );
  });
  return loading;
}

/** PEM as grpc-js wants it. */
export function pemBuffer(value: Pem | readonly Pem[] | undefined, name: string): Buffer | null {
  if (value === undefined) return null;
  const parts = Array.isArray(value) ? (value as readonly Pem[]) : [value as Pem];
  return Buffer.from(parts.map((part) => pem(part, name)).join("\n"));
}
