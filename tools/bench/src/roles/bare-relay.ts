// The bound: a relay on node:http that looks at nothing and answers what it is answered. `bare-relay ENDPOINT`.
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { ready } from "../child.ts";

const agent = new Agent({ keepAlive: true });
const target = new URL("/v1/traces", process.argv[2]);
const type = "application/x-protobuf";

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => {
    const length = Number(incoming.headers["content-length"]);
    const headers = { "content-type": type, "content-length": length };
    const outgoing = request(target, { agent, method: "POST", headers }, (answer) => {
      answer.resume();
      answer.on("end", () => response.writeHead(200, { "content-type": type, "content-length": 0 }).end());
    });
    outgoing.cork();
    for (const chunk of chunks) outgoing.write(chunk);
    outgoing.end();
  });
});
server.listen(0, "127.0.0.1", () => ready(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
