// A program that counts and ends, as scripts do. Words: URL.
import { createClient } from "@otlpkit/client";
import { meterProvider } from "@otlpkit/client/api";

const [endpoint = ""] = process.argv.slice(2);
const provider = meterProvider({ client: createClient({ endpoint, environment: false }) });
const orders = provider.getMeter("test").createCounter("orders");
orders.add(1);
orders.add(2);
