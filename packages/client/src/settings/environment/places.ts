import type { Signal } from "@otlpkit/core";
import type { Protocol } from "../../options.ts";
import { reachable, shownEndpoint } from "../endpoint.ts";
import type { Place } from "../environment-options.ts";
import type { Variables } from "./variables.ts";

/**
 * Where variables send a signal: as the one for it says, which is taken as it stands (I-04), or the one for all (I-03).
 * One that the protocol cannot reach counts as not set; undefined stands for a protocol of which nothing is known.
 */
export function places(read: Variables): (signal: Signal, protocol: Protocol | undefined) => Place | undefined {
  return (signal, protocol) => {
    // There are no variables for profiles.
    const ofSignal = signal === "profiles" ? [] : [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`];
    for (const variable of [...ofSignal, "OTEL_EXPORTER_OTLP_ENDPOINT"]) {
      const text = read.text(variable);
      if (text === undefined) continue;
      if (protocol === undefined || reachable(protocol, text)) {
        const url = protocol === "grpc" ? withoutPath(variable, text, read) : text;
        return { url, path: ofSignal.includes(variable) ? "" : undefined };
      }
      read.warn(`${variable}=${shownEndpoint(text)} is nothing that ${protocol} can reach; it is ignored`);
    }
    return undefined;
  };
}

/** gRPC has no use for a path. */
function withoutPath(variable: string, text: string, read: Variables): string {
  const [, origin, path = ""] = /^(https?:\/\/[^/?#]*)(.*)$/i.exec(text) ?? [];
  if (origin === undefined || path === "" || path === "/") return text;
  read.warn(`${variable}=${shownEndpoint(text)} has a path, which means nothing to gRPC; it is left out`);
  return origin;
}
