import { signals } from "@otlpkit/core";
import grpc from "@grpc/grpc-js";

const same = (bytes: Buffer): Buffer => bytes;
const empty = Buffer.alloc(0);
const limits = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/** A grpc-js server that takes trace requests as bytes and hands them to `take`. */
export function grpcJsServer(take: (body: Buffer) => Promise<void>): Promise<string> {
  const server = new grpc.Server(limits);
  const definition = {
    export: {
      path: signals.traces.grpcPath,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  };
  server.addService(definition, {
    export: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
      take(call.request).then(
        () => callback(null, empty),
        (error: unknown) => callback({ code: grpc.status.UNAVAILABLE, message: String(error) }),
      );
    },
  });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
  });
}

/** A grpc-js client that sends trace requests as bytes. */
export function grpcJsClient(address: string): { send(body: Uint8Array): Promise<void>; close(): void } {
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), limits);
  return {
    send: (body) =>
      new Promise((resolve, reject) => {
        const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
        client.makeUnaryRequest(signals.traces.grpcPath, same, same, bytes, (error) =>
          error ? reject(error) : resolve(),
        );
      }),
    close: () => client.close(),
  };
}
