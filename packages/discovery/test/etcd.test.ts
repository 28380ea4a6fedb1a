import { registrarCases, registryCases } from "@otlpkit/testkit/node";
import { describe, it } from "vitest";
import { etcdWorld } from "./etcd-worlds.ts";
import { fakeEtcd } from "./fakes/etcd-server.ts";

describe("the registry of etcd", () => {
  registryCases({ it: it.concurrent }, () => etcdWorld(() => fakeEtcd()));
});

describe("the registrar of etcd", () => {
  registrarCases({ it: it.concurrent }, () => etcdWorld(() => fakeEtcd()));
});
