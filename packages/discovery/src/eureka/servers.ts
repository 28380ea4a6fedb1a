import { ExportError } from "@otlpkit/core";
import { type SourceAnswer, type SourceHttp, sourceHttp, type SourceRequest } from "../http/source-http.ts";
import type { SourceTls } from "../http/tls.ts";
import type { Time } from "../time.ts";

/** Where the servers of Eureka are. */
export interface EurekaAccess {
  /**
   * One or more servers of one cluster, with their base path: `http://host:8761/eureka` for Spring's, `.../eureka/v2` for
   * Netflix's. Without a path: "/eureka". A user and a password in it go into a header. Default "http://127.0.0.1:8761/eureka".
   */
  readonly url?: string | readonly string[];
  /** Asked before each request, so that certificates can be renewed. */
  readonly tls?: SourceTls | (() => SourceTls);
  /** Time for one answer. Default 10,000. */
  readonly timeoutMs?: number;
  /** The largest answer that is read, decompressed. Default 64 MiB: a whole list has all instances of all applications. */
  readonly maxBytes?: number;
  /** Send the password over connections that anybody in between can read. Default false; loopback needs no such leave. */
  readonly allowCleartext?: boolean;
}

/** All servers, of which one is asked. */
export interface Servers {
  /** By the server that answered last, until it fails; then by the next. Answers below 500 are given back. */
  ask(request: Omit<SourceRequest, "secrets">): Promise<SourceAnswer>;
  close(): void;
}

interface Server {
  readonly http: SourceHttp;
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Opens nothing before the first question.
 *
 * @throws ExportError "rejected" when a URL is none.
 */
export function servers(access: EurekaAccess, time: Time): Servers {
  const given = access.url ?? "http://127.0.0.1:8761/eureka";
  const urls = typeof given === "string" ? given.split(",").map((url) => url.trim()) : given;
  if (urls.length === 0) throw new ExportError("rejected", "eureka needs the URL of at least one server");
  const all = urls.map((url) => serverAt(url, access, time));
  let current = 0;

  return {
    async ask(request) {
      let last: ExportError | undefined;
      for (let tried = 0; tried < all.length; tried++) {
        const { http, secrets } = all[current] as Server;
        try {
          const answer = await http.ask({ ...request, secrets });
          if (answer.status < 500) return answer;
          last = answer.error();
        } catch (error) {
          if (request.signal.aborted) throw error;
          last = ExportError.from(error);
        }
        current = (current + 1) % all.length;
      }
      throw last ?? new ExportError("unavailable", "no server of eureka could be asked");
    },
    close() {
      for (const { http } of all) http.close();
    },
  };
}

function serverAt(url: string, access: EurekaAccess, time: Time): Server {
  if (!URL.canParse(url))
    throw new ExportError("rejected", "a URL of eureka is none; it must be as http://host:8761/eureka");
  const parsed = new URL(url);
  const { username, password } = parsed;
  parsed.username = "";
  parsed.password = "";
  if (parsed.pathname === "/") parsed.pathname = "/eureka";
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    http: sourceHttp({ maxBytes: 64 << 20, ...access, name: "eureka", url: parsed.href }, time),
    secrets: username === "" ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` },
  };
}
