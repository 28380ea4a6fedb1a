// The shop without a line that sets up telemetry, with the API of this generation.
import * as api from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import http from "node:http";
import { visitShop } from "../otel-shop.mjs";

(await visitShop({ api, logs, http })).close();
