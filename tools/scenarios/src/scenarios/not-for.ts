import type { Scenario } from "../scenario.ts";

type NotFor = NonNullable<Scenario["notFor"]>;

/** There is no such thing in gRPC. */
export function httpOnly(why: string): NotFor {
  return (_, protocol) => (protocol === "grpc" ? why : undefined);
}

/** There is no such thing in HTTP. */
export function grpcOnly(why: string): NotFor {
  return (_, protocol) => (protocol === "grpc" ? undefined : why);
}

/** There is no exporter behind a contract that forbids it. */
export const overlapping: NotFor = ({ processorCallsExporter }) =>
  processorCallsExporter ? undefined : "no exporter behind a contract; requests are meant to overlap";
