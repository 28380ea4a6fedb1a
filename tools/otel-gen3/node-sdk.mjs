// The shop with the SDK, all of it set up by the environment: the exporters, too, are the SDK's own choice.
import { createRequire } from "node:module";
import * as api from "@opentelemetry/api";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { visitShop } from "../otel-shop.mjs";

const sdk = new NodeSDK({ instrumentations: [new HttpInstrumentation()] });
sdk.start();
// Loaded only now, so that the instrumentation finds it.
const http = createRequire(import.meta.url)("node:http");
(await visitShop({ api, logs: api.logs, http })).close();
await sdk.shutdown();
