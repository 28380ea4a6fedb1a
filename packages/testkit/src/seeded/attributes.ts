import { type ProtobufWriter, protobufWriter } from "../protobuf.ts";
import type { Random } from "./random.ts";

/** An attribute's value; a bigint is written as an int, a number as a double. */
export type AttributeValue = string | bigint | boolean | number;

export function writeAttribute(to: ProtobufWriter, field: number, key: string, value: AttributeValue): void {
  to.message(field, () => {
    to.string(1, key);
    to.message(2, () => {
      if (typeof value === "string") to.string(1, value);
      else if (typeof value === "boolean") to.uint(2, value ? 1 : 0);
      else if (typeof value === "bigint") to.int64(3, value);
      else to.double(4, value);
    });
  });
}

/** `KeyValue` messages made once, since most attributes of real telemetry repeat. */
function encoded(attributes: readonly (readonly [string, AttributeValue])[]): Uint8Array[] {
  const writer = protobufWriter();
  return attributes.map(([key, value]) => {
    writeAttribute(writer, 1, key, value);
    // Without the tag and the length in front, which are the holder's: both take one byte here.
    return writer.finish().subarray(2);
  });
}

const hosts = ["checkout", "cart", "catalog", "payment", "shipping"].map((name) => `${name}.shop.svc.cluster.local`);

/** One list for each attribute of a span; an item takes one of each. */
const spanChoices: readonly (readonly Uint8Array[])[] = [
  encoded(["GET", "POST", "PUT", "DELETE"].map((method) => ["http.request.method", method])),
  encoded([200n, 201n, 204n, 404n, 500n].map((status) => ["http.response.status_code", status])),
  encoded(hosts.map((host) => ["server.address", host])),
  encoded([8080n, 8443n, 50_051n].map((port) => ["server.port", port])),
  encoded(["/api/cart/{id}", "/api/orders/{id}/items", "/healthz"].map((route) => ["http.route", route])),
  encoded(["HTTP/1.1", "HTTP/2"].map((version) => ["network.protocol.name", version])),
  encoded([true, false].map((cached) => ["app.cache.hit", cached])),
  encoded(["shop-app/7.2", "curl/8.14.1"].map((agent) => ["user_agent.original", agent])),
];

export function writeSpanAttributes(to: ProtobufWriter, field: number, random: Random): void {
  for (const choices of spanChoices) to.bytes(field, random.pick(choices));
}

const pointChoices = spanChoices.slice(0, 3);

export function writePointAttributes(to: ProtobufWriter, field: number, random: Random): void {
  for (const choices of pointChoices) to.bytes(field, random.pick(choices));
}

const regions = ["eu-central-1", "us-east-1", "ap-south-1"];

/** Field 1 of every `Resource…` message. */
export function writeResource(to: ProtobufWriter, number: number): void {
  to.message(1, () => {
    writeAttribute(to, 1, "service.name", hosts[number % hosts.length]?.split(".")[0] ?? "");
    writeAttribute(to, 1, "service.version", `2.${number}.0`);
    writeAttribute(to, 1, "service.instance.id", `instance-${number}`);
    writeAttribute(to, 1, "cloud.region", regions[number % regions.length] ?? "");
    writeAttribute(to, 1, "process.pid", BigInt(4000 + number));
  });
}

/** Field 1 of every `Scope…` message. */
export function writeScope(to: ProtobufWriter, number: number): void {
  to.message(1, () => {
    to.string(1, `@opentelemetry/instrumentation-${["http", "grpc", "pg", "redis-4"][number % 4] ?? ""}`);
    to.string(2, `0.${50 + number}.0`);
  });
}
