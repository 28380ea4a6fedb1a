// Takes OTLP and forgets it: `sink ours-grpc | ours-http | grpc-js | plain-http`. Says where it listens.
import { accepted, type Receiver, type Sender } from "@otlpkit/core";
import { grpcReceiver } from "@otlpkit/transport-grpc/server";
import { httpReceiver } from "@otlpkit/transport-http/server";
import { ready } from "../child.ts";
import { plainHttpServer } from "../peers/fetch-http.ts";
import { grpcJsServer } from "../peers/grpc-js.ts";

const nowhere: Sender = { send: () => Promise.resolve(accepted), close: () => Promise.resolve() };
const listen = async (receiver: Receiver): Promise<string> => `http://${(await receiver.listen(nowhere)).address}`;
const forget = (): Promise<void> => Promise.resolve();

const kinds: Readonly<Record<string, () => Promise<string>>> = {
  "ours-grpc": () => listen(grpcReceiver({ port: 0 })),
  "ours-http": () => listen(httpReceiver({ port: 0 })),
  "grpc-js": () => grpcJsServer(forget),
  "plain-http": () => plainHttpServer(forget),
};

const kind = process.argv[2] as string;
ready(await (kinds[kind] as () => Promise<string>)());
