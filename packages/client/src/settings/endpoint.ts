import { ExportError } from "@otlpkit/core";
import type { Protocol } from "../options.ts";

/** An endpoint as somebody gave it. */
export interface GivenEndpoint {
  readonly text: string;
  /** It was given for one signal, and so is taken as it stands (I-04). */
  readonly whole: boolean;
  /** The variable that it was found in, if the program gave none. */
  readonly variable?: string;
}

/** Where one signal goes. */
export interface Place {
  readonly url: string;
  /** "": `url` is the whole of it. Undefined: the signal's path is added (I-03). */
  readonly path: "" | undefined;
}

/**
 * The place that the first usable endpoint names, or the protocol's default (I-02 to I-06). Which are usable depends on
 * the protocol; undefined stands for one of which nothing is known. One of the environment that is not is warned of.
 *
 * @throws ExportError "unsupported" when the program gave one that is not.
 */
export function placeOf(
  protocol: Protocol | undefined,
  endpoints: readonly GivenEndpoint[],
  warn: (warning: string) => void,
): Place {
  for (const given of endpoints) {
    if (reachable(protocol, given.text)) {
      const url = protocol === "grpc" ? withoutPath(given, warn) : given.text;
      return { url, path: given.whole ? "" : undefined };
    }
    const problem = `${named(given)} is nothing that ${protocol} can reach; use http://host:port or https://host:port`;
    if (given.variable === undefined) throw new ExportError("unsupported", problem);
    warn(`${problem}. It is ignored`);
  }
  return { url: `http://localhost:${protocol === "grpc" ? 4317 : 4318}`, path: undefined };
}

function reachable(protocol: Protocol | undefined, text: string): boolean {
  if (protocol === undefined) return true;
  if (/^https?:\/\//i.test(text)) return URL.canParse(text);
  // Whatever gRPC libraries take: host:port, dns:///host:port and their like.
  return /^unix:./i.test(text) || (protocol === "grpc" && /^(?:dns:.|ipv[46]:.|[^\s/?#@]+$)/i.test(text));
}

/** gRPC has no use for a path. */
function withoutPath(given: GivenEndpoint, warn: (warning: string) => void): string {
  const [, origin, path = ""] = /^(https?:\/\/[^/?#]*)(.*)$/i.exec(given.text) ?? [];
  if (origin === undefined || path === "" || path === "/") return given.text;
  warn(`${named(given)} has a path, which means nothing to gRPC; it is left out`);
  return origin;
}

/** For people: without a user, who may have a password, and a query, which may hold a key. */
function named({ text, variable = "endpoint" }: GivenEndpoint): string {
  return `${variable}="${text.replace(/\/\/[^/?#]*@/, "//").replace(/[?#].*$/, "")}"`;
}
