// Imported before a program: starts NodeSDK, as its documentation shows for programs that are configured by variables.
import { createRequire } from "node:module";

const load = createRequire(process.env["SCENARIO_API"] ?? "");
const { NodeSDK } = load("@opentelemetry/sdk-node") as { readonly NodeSDK: new () => { start(): void } };
new NodeSDK().start();
