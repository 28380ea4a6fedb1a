import type { RequestOptions } from "node:https";
import { checkAddress, type CheckTls } from "./check-address.ts";
import type { HealthCheck } from "./health-check.ts";

/** Options of {@link httpCheck}. */
export interface HttpCheckOptions {
  /** Default "/", where the health extension of the Collector answers. */
  readonly path?: string;
  /** Another port than the endpoint's: that extension has 13133. */
  readonly port?: number;
  /** Statuses that are well. Default: 200 to 299. */
  readonly isWell?: (status: number) => boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: CheckTls;
}

/** Well is who answers GET with a good status. */
export function httpCheck(options: HttpCheckOptions = {}): HealthCheck {
  const { path = "/", port, isWell = (status) => status >= 200 && status <= 299, headers = {}, tls = {} } = options;
  return {
    name: `GET ${path}`,
    check: (endpoint, signal) =>
      new Promise((resolve, reject) => {
        const address = checkAddress(endpoint, port);
        const { request } = process.getBuiltinModule(address.tls ? "node:https" : "node:http");
        const where: RequestOptions =
          address.socketPath === undefined
            ? { hostname: address.hostname.replace(/^\[|\]$/g, ""), port: address.port }
            : { socketPath: address.socketPath };
        const asked = request({ ...where, ...tls, path, method: "GET", headers: { ...headers }, agent: false, signal });
        asked.once("socket", (socket) => socket.unref());
        asked.on("error", reject);
        asked.once("response", (answer) => {
          answer.resume();
          answer.on("error", reject);
          const status = answer.statusCode ?? 0;
          if (isWell(status)) resolve();
          else reject(new Error(`GET ${path} is answered with ${status}`));
        });
        asked.end();
      }),
  };
}
