import type { RequestOptions } from "node:http";
import { ExportError } from "@otlpkit/core";

/** Where a source is, as `node:http` takes it. */
export interface SourcePlace {
  readonly where: RequestOptions;
  readonly base: string;
  readonly secure: boolean;
  /** What is sent there cannot be read on the way. */
  readonly private: boolean;
  readonly shown: string;
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;

/**
 * Reads the URL of a source; user and password in it are left out.
 *
 * @throws ExportError "rejected" when it is none.
 */
export function placeOfSource(name: string, url: string): SourcePlace {
  const socketPath = /^unix:(?:\/\/)?(\/.*)$/i.exec(url)?.[1];
  if (socketPath !== undefined) {
    const where = { socketPath, host: "localhost" };
    return { where, base: "", secure: false, private: true, shown: `unix://${socketPath}` };
  }
  const parsedUrl = URL.canParse(url) ? new URL(url) : undefined;
  if (parsedUrl === undefined || !/^https?:$/.test(parsedUrl.protocol)) {
    throw new ExportError(
      "rejected",
      `the URL of ${name} must begin with http://, https:// or unix://, and have a host`,
    );
  }
  const { protocol, hostname, port, pathname, origin } = parsedUrl;
  const secure = protocol === "https:";
  return {
    where: { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? (secure ? 443 : 80) : Number(port) },
    base: pathname.replace(/\/+$/, ""),
    secure,
    private: secure || loopback.test(hostname),
    shown: origin,
  };
}
