import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The plain way to take OTLP/HTTP: node:http, chunks collected and joined. */
export function plainHttpServer(take: (body: Buffer) => Promise<void>): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      take(Buffer.concat(chunks)).then(
        () => response.writeHead(200, { "content-type": "application/x-protobuf", "content-length": 0 }).end(),
        () => response.writeHead(503).end(),
      );
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

/** The plain way to send it. */
export async function fetchSend(url: string, body: Uint8Array): Promise<void> {
  const response = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: body as Uint8Array<ArrayBuffer>,
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`status ${response.status}`);
}
