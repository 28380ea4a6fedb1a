import type { SourceAnswer, SourceRequest } from "../http/source-http.ts";
import { sourceHttp } from "../http/source-http.ts";
import type { Time } from "../time.ts";
import type { ConsulAccess } from "./access.ts";
import { tokenSource } from "./token.ts";

/** A query: names and values, of which those that are `undefined` are left out. */
export type Query = readonly (readonly [string, string | undefined])[];

/** One agent, with our token. */
export interface Agent {
  /** The token is read again once when it is refused. Answers of any status are given back. */
  ask(request: Omit<SourceRequest, "secrets" | "headers"> & { readonly query?: Query }): Promise<SourceAnswer>;
  /** Gives the token back if it was lent, and ends the connections. */
  close(): Promise<void>;
}

export const defaultUrl = "http://127.0.0.1:8500";

/** Opens nothing before the first question. */
export function agent(access: ConsulAccess, time: Time): Agent {
  const http = sourceHttp({ ...access, name: "consul", url: access.url ?? defaultUrl }, time);
  const place: Query = [
    ["ns", access.namespace],
    ["partition", access.partition],
  ];
  const basic =
    access.basic === undefined ? {} : { authorization: `Basic ${Buffer.from(access.basic).toString("base64")}` };
  const tokens = tokenSource(access, http, queryOf(place));

  return {
    async ask({ query = [], ...request }) {
      const path = request.path + queryOf([...query, ...place]);
      const attempt = async (): Promise<SourceAnswer> => {
        const token = await tokens.current(request.signal);
        return http.ask({
          ...request,
          path,
          ...(access.headers === undefined ? {} : { headers: access.headers }),
          secrets: { ...basic, ...(token === undefined || token === "" ? {} : { "x-consul-token": token }) },
        });
      };
      const answer = await attempt();
      const refused = answer.status === 401 || answer.status === 403;
      return refused && (await tokens.renew(request.signal)) ? attempt() : answer;
    },
    async close() {
      await tokens.release();
      http.close();
    },
  };
}

function queryOf(query: Query): string {
  const pairs = query.flatMap(([name, value]) =>
    value === undefined ? [] : [value === "" ? name : `${name}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
