import type { RealBackend } from "./backends.ts";
import { freePort, privateFolder, startServer } from "./server.ts";

/** An OpenBao that runs on loopback, unsealed, with everything in memory. */
export interface RealOpenBao {
  readonly url: string;
  /** May do anything. */
  readonly rootToken: string;
  close(): Promise<void>;
}

/** Starts an OpenBao in its development mode. */
export async function startOpenBao({ program }: RealBackend): Promise<RealOpenBao> {
  const folder = privateFolder("openbao");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const rootToken = "root-of-the-test";
  const server = await startServer({
    name: "OpenBao",
    command: [
      program,
      "server",
      "-dev",
      `-dev-listen-address=127.0.0.1:${port}`,
      `-dev-root-token-id=${rootToken}`,
      "-dev-no-store-token",
    ],
    cwd: folder.path,
    env: { HOME: folder.path },
    ready: async () => (await fetch(`${url}/v1/sys/health`)).ok,
  });
  return {
    url,
    rootToken,
    async close() {
      await server.stop();
      folder.remove();
    },
  };
}
