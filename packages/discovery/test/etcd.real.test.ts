import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { registrarCases, registryCases, testAuthority, testServer } from "@otlpkit/testkit/node";
import { type EtcdOptions, privateFolder, real, type RealEtcd, startEtcd } from "@otlpkit/tool-real";
import { afterAll, describe, expect, it, vi } from "vitest";
import { etcdRegistrar, etcdRegistry } from "../src/etcd/index.ts";
import { etcdCases, type WantedEtcd } from "./etcd-cases.ts";
import { type EtcdUnderTest, etcdWorld, quickEtcd } from "./etcd-worlds.ts";

const backend = await real("etcd");
const folder = privateFolder("etcd-certificates");
afterAll(() => folder.remove());

// As often as our pings come in these cases; by default members hang up on whoever pings more than every 5 s.
const pings = "--grpc-keepalive-min-time=50ms";
/** Of tokens, in seconds. */
const tokenTtl = 2;

async function start(options: EtcdOptions = {}): Promise<RealEtcd> {
  if (backend === undefined) throw new Error("there is no etcd");
  return startEtcd(backend, { ...options, args: [pings, ...(options.args ?? [])] });
}

/** One member, for a case. */
async function one(): Promise<EtcdUnderTest> {
  const etcd = await start();
  return {
    url: etcd.urls[0] ?? "",
    async restart() {
      await etcd.stop();
      await etcd.start();
    },
    close: () => etcd.close(),
  };
}

/** One member with TLS, or with users. */
async function wantedOne({
  mutualTls = false,
  user,
}: WantedEtcd): Promise<Awaited<ReturnType<Parameters<typeof etcdCases>[0]>>> {
  const etcd = await start({
    args: [`--auth-token-ttl=${tokenTtl}`, ...(mutualTls ? ["--enable-grpc-gateway=false"] : [])],
    ...(mutualTls ? { tls: certificates() } : {}),
  });
  const [url = ""] = etcd.urls;
  if (user !== undefined) await enableUsers(url, user);
  return {
    url,
    outliveTokens: () => new Promise((resolve) => setTimeout(resolve, (tokenTtl + 2) * 1000)),
    close: () => etcd.close(),
  };
}

function certificates(): NonNullable<EtcdOptions["tls"]> {
  const file = (name: string, text: string): string => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    cert: file("server.crt", testServer.cert),
    key: file("server.key", testServer.key),
    ca: file("ca.crt", testAuthority),
  };
}

/** A role for the prefix of all services, a user who has it, and nobody else but root. */
async function enableUsers(url: string, { name, password }: NonNullable<WantedEtcd["user"]>): Promise<void> {
  const etcdctl = (...words: string[]): Promise<unknown> =>
    promisify(execFile)("etcdctl", [`--endpoints=${url}`, ...words], { env: { ...process.env, ETCDCTL_API: "3" } });
  await etcdctl("user", "add", "root:root-password");
  await etcdctl("role", "add", "root");
  await etcdctl("user", "grant-role", "root", "root");
  await etcdctl("user", "add", `${name}:${password}`);
  await etcdctl("role", "add", "relays");
  await etcdctl("role", "grant-permission", "relays", "--prefix=true", "readwrite", "/otlp/services/");
  await etcdctl("user", "grant-role", name, "relays");
  await etcdctl("auth", "enable");
}

describe.skipIf(backend === undefined)("the registry, on a real etcd", () => {
  registryCases({ it }, () => etcdWorld(one), { patienceMs: 15_000 });
});

describe.skipIf(backend === undefined)("the registrar, on a real etcd", () => {
  registrarCases({ it }, () => etcdWorld(one), { patienceMs: 15_000 });
});

describe.skipIf(backend === undefined)("a real etcd", () => {
  etcdCases(wantedOne);
});

describe.skipIf(backend === undefined)("three members", () => {
  it("are one: what is registered stays while one of them, and then the leader's majority, goes and comes", async () => {
    const cluster = await start({ members: 3 });
    const over = new AbortController();
    const lists: string[] = [];
    const states: string[] = [];
    const common = { ...quickEtcd, timeoutMs: 2_000, endpoints: cluster.urls, initialDelayMs: 10, maxDelayMs: 200 };
    const told = (expected: string): Promise<void> =>
      vi.waitFor(() => expect(lists.at(-1)).toBe(expected), { timeout: 30_000, interval: 10 });
    const reading = (async () => {
      const registry = etcdRegistry("relay", { ...common, onState: ({ state }) => states.push(state) });
      for await (const list of registry.watch(over.signal)) lists.push(list.map(({ id }) => id).join(" "));
    })();
    const registrar = etcdRegistrar({ ...common, ttlSeconds: 30 });
    const register = (id: string): ReturnType<typeof registrar.register> =>
      registrar.register({ service: "relay", endpoint: { id, url: "http://10.0.0.1:4317" } });

    try {
      const first = await register("a");
      await told("a");
      // Each of them in turn, the leader among them.
      for (const member of [0, 1, 2]) {
        await cluster.stop(member, "SIGKILL");
        const passing = await register(`passing-${member}`);
        await told(`a passing-${member}`);
        await cluster.start(member);
        await passing.close();
        await told("a");
      }
      // Without a majority there is no leader: the one that is left ends the watch instead of staying silent.
      await vi.waitFor(() => expect(states.at(-1)).toBe("fresh"), 10_000);
      await Promise.all([cluster.stop(0, "SIGKILL"), cluster.stop(1, "SIGKILL")]);
      await vi.waitFor(() => expect(states.at(-1)).toBe("stale"), 30_000);
      expect(lists.at(-1)).toBe("a");
      await Promise.all([cluster.start(0), cluster.start(1)]);
      await vi.waitFor(() => expect(states.at(-1)).toBe("fresh"), 30_000);
      expect(lists.at(-1)).toBe("a");
      await first.close();
      await told("");
    } finally {
      over.abort();
      await reading;
      await cluster.close();
    }
  });
});
