import { registryCases } from "@otlpkit/testkit/node";
import { describe, it } from "vitest";
import { fakeKubernetes } from "./fakes/kubernetes-server.ts";
import { type KubernetesUnderTest, kubernetesWorld } from "./kubernetes-worlds.ts";

/** What slices cannot say. */
const cannot = {
  "hands on weights": "slices know no weights",
  "hands on what else is known": "slices hold nothing of the kind",
};

async function played(): Promise<KubernetesUnderTest> {
  const fake = await fakeKubernetes();
  return {
    url: fake.url,
    token: "token-1",
    namespace: "shop",
    put: async (slice) => fake.put("shop", slice),
    remove: async (name) => fake.remove("shop", name),
    restart: () => fake.restart(),
    close: () => fake.close(),
  };
}

describe("the registry of Kubernetes", () => {
  registryCases({ it: it.concurrent }, () => kubernetesWorld(played), { cannot });
});
