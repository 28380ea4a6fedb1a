import { hostname } from "node:os";
import type { Attributes } from "../resource.ts";

/** Which process this is, with the names of OpenTelemetry's semantic conventions. */
export function processFacts(): Attributes {
  return {
    "service.instance.id": crypto.randomUUID(),
    "host.name": hostname(),
    "process.pid": process.pid,
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
  };
}
