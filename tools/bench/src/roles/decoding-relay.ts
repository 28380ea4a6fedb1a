// The relay that one would write first: grpc-js in, every request decoded by protobufjs and encoded again, grpc-js out.
// `decoding-relay ADDRESS` says where it listens.
import { ready } from "../child.ts";
import { protobufjsTraces } from "../fixtures.ts";
import { grpcJsClient, grpcJsServer } from "../peers/grpc-js.ts";

const client = grpcJsClient(process.argv[2] as string);
const type = protobufjsTraces();
ready(await grpcJsServer((body) => client.send(type.encode(type.decode(body)).finish())));
