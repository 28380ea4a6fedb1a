import { registrarCases, registryCases } from "@otlpkit/testkit/node";
import { type EtcdOptions, real, startEtcd } from "@otlpkit/tool-real";
import { describe, it } from "vitest";
import { type EtcdUnderTest, etcdWorld } from "./etcd-worlds.ts";

const backend = await real("etcd");

/** One member, started for a case. */
async function start(options: EtcdOptions = {}): Promise<EtcdUnderTest> {
  if (backend === undefined) throw new Error("there is no etcd");
  // As often as our pings come in these cases; by default members hang up on whoever pings more than every 5 s.
  const args = ["--grpc-keepalive-min-time=50ms", ...(options.args ?? [])];
  const etcd = await startEtcd(backend, { ...options, args });
  return {
    url: etcd.urls[0] ?? "",
    async restart() {
      await etcd.stop();
      await etcd.start();
    },
    close: () => etcd.close(),
  };
}

describe.skipIf(backend === undefined)("the registry, on a real etcd", () => {
  registryCases({ it }, () => etcdWorld(() => start()), { patienceMs: 15_000 });
});

describe.skipIf(backend === undefined)("the registrar, on a real etcd", () => {
  registrarCases({ it }, () => etcdWorld(() => start()), { patienceMs: 15_000 });
});
