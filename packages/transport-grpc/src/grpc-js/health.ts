import type { sendUnaryData, Server, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { ExportError } from "@otlpkit/core";
import { grpcCode, statusOf } from "@otlpkit/otlp/replies";
import type { HealthService } from "../server/health.ts";
import type { GrpcJs } from "./load.ts";

type Failure = Parameters<sendUnaryData<Buffer>>[0];

/** Adds `grpc.health.v1` to a server of grpc-js. Gives back a function that ends the calls that watch. */
export function offerHealth(grpc: GrpcJs, server: Server, service: HealthService): () => void {
  const watching = new Set<ServerWritableStream<Buffer, Buffer>>();
  const failure = (code: number, details: string): Failure => ({
    name: "refusal",
    message: details,
    code,
    details,
    metadata: new grpc.Metadata(),
  });
  const failureOf = (error: unknown): Failure => {
    const { code, message } = statusOf(ExportError.from(error));
    return failure(code, message);
  };
  const asIs = (bytes: Buffer): Buffer => bytes;
  const call = {
    requestStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  } as const;

  server.addService(
    {
      Check: { ...call, path: "/grpc.health.v1.Health/Check", responseStream: false },
      Watch: { ...call, path: "/grpc.health.v1.Health/Watch", responseStream: true },
    },
    {
      Check({ request }: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void {
        try {
          const response = service.check(request);
          if (response === undefined) callback(failure(grpcCode.NOT_FOUND, "no such service here"));
          else callback(null, Buffer.from(response));
        } catch (error) {
          callback(failureOf(error));
        }
      },
      Watch(stream: ServerWritableStream<Buffer, Buffer>): void {
        try {
          const stop = service.watch(stream.request, (response) => void stream.write(Buffer.from(response)));
          watching.add(stream);
          stream.on("cancelled", () => {
            stop();
            watching.delete(stream);
          });
        } catch (error) {
          stream.destroy(failureOf(error) as unknown as Error);
        }
      },
    },
  );
  return () => {
    for (const stream of watching) {
      stream.emit("error", failure(grpcCode.UNAVAILABLE, "the server is stopping"));
    }
    watching.clear();
  };
}
