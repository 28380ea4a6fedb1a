// The same as node-sdk.mjs in CommonJS.
const api = require("@opentelemetry/api");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { NodeSDK } = require("@opentelemetry/sdk-node");

const sdk = new NodeSDK({ instrumentations: [new HttpInstrumentation()] });
sdk.start();
const http = require("node:http");
void import("../otel-shop.mjs")
  .then(({ visitShop }) => visitShop({ api, logs: api.logs, http }))
  .then((shop) => shop.close())
  .then(() => sdk.shutdown());
