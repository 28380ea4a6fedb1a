// The shop without a line that sets up telemetry. With "stay" it waits for somebody to end it; with "stop" it sees to that
// itself, which takes a line for telemetry too.
import * as api from "@opentelemetry/api";
import http from "node:http";
import { visitShop } from "../otel-shop.mjs";

const shop = await visitShop({ api, logs: api.logs, http });
if (process.argv[2] === "stop") {
  const { stop } = await import("@otlpkit/client/register");
  process.on("SIGTERM", () => void stop().then(() => process.exit(7)));
}
if (process.argv[2] === undefined) shop.close();
console.log("visited");
