import { describe } from "vitest";
import { etcdCases } from "./etcd-cases.ts";
import { fakeEtcd } from "./fakes/etcd-server.ts";

describe("etcd", () => {
  etcdCases(async (wanted) => {
    const etcd = await fakeEtcd(wanted);
    return {
      url: etcd.url,
      outliveTokens: async () => etcd.expireTokens(),
      close: () => etcd.close(),
    };
  });
});
