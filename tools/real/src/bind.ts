import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RealBackend } from "./backends.ts";
import { freePort, privateFolder, type RealServer, startServer } from "./server.ts";

/** A BIND with one zone, "test", whose records live for a second and are changed by nsupdate. */
export interface RealBind {
  /** "127.0.0.1:5353". */
  readonly address: string;
  /** Of the process that runs at the moment. */
  readonly pid: number | undefined;
  /** Sends lines such as `update add relays.test 1 A 127.0.0.2` as one change. @throws Error when the server refuses */
  update(...lines: string[]): Promise<void>;
  stop(): Promise<void>;
  /** Starts it again, where it was and with what it had. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** Starts a BIND; `options` are further ones of its configuration: `max-udp-size 512;`. */
export async function startBind({ program }: RealBackend, options = ""): Promise<RealBind> {
  const folder = privateFolder("bind");
  const port = await freePort();
  const configuration = join(folder.path, "named.conf");
  writeFileSync(
    configuration,
    `options { directory "${folder.path}"; pid-file none; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
      recursion no; dnssec-validation no; notify no; minimal-responses yes; ${options} };
    controls { };
    zone "test" { type primary; file "zone"; allow-update { 127.0.0.1; }; };`,
  );
  writeFileSync(
    join(folder.path, "zone"),
    "$TTL 1\n@ IN SOA ns.test. root.test. 1 1 1 60 1\n@ IN NS ns.test.\nns IN A 127.0.0.1\n",
  );
  let server: RealServer | undefined;

  async function start(): Promise<void> {
    server ??= await startServer({
      name: "named",
      command: [program, "-g", "-n", "1", "-c", configuration],
      ready: async () => (await nsupdate(port, ["update delete ready.test"])) === 0,
    });
  }
  async function stop(): Promise<void> {
    const running = server;
    server = undefined;
    await running?.stop();
  }
  await start();
  return {
    address: `127.0.0.1:${port}`,
    get pid() {
      return server?.pid;
    },
    async update(...lines) {
      const code = await nsupdate(port, lines);
      if (code !== 0) throw new Error(`nsupdate ended with ${code}: ${server?.output().slice(-500)}`);
    },
    stop,
    start,
    async close() {
      await stop();
      folder.remove();
    },
  };
}

function nsupdate(port: number, lines: readonly string[]): Promise<number | null> {
  const child = spawn("nsupdate", ["-t", "2"], { stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.end(`server 127.0.0.1 ${port}\nzone test\n${lines.join("\n")}\nsend\n`);
  return new Promise((resolve) => child.once("exit", resolve));
}
