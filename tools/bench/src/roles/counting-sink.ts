// Takes OTLP/HTTP as a backend would, and counts the spans: `GET /spans` says how many.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { countItems } from "@otlpkit/otlp";
import { ready } from "../child.ts";

let spans = 0;
const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.end(String(spans));
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    spans += countItems("traces", Buffer.concat(chunks));
    response.writeHead(200, { "content-type": "application/x-protobuf", "content-length": 0 }).end();
  });
});
server.listen(0, "127.0.0.1", () => ready(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
