import { type Endpoint, ExportError } from "@otlpkit/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SourceState } from "../src/index.ts";
import { inCluster, kubernetesRegistry, type KubernetesRegistryOptions } from "../src/kubernetes/index.ts";
import { faultProxy } from "./fakes/fault-proxy.ts";
import { type FakeKubernetes, fakeKubernetes } from "./fakes/kubernetes-server.ts";
import { type Account, account, sliceOf } from "./kubernetes-worlds.ts";

let server: FakeKubernetes;
let pod: Account;
let states: SourceState[];
let lists: string[];
let over: AbortController;
let reading: Promise<void> | undefined;

beforeEach(async () => {
  server = await fakeKubernetes();
  pod = await account("token-1", "shop");
  states = [];
  lists = [];
  over = new AbortController();
});
afterEach(async () => {
  over.abort();
  await reading;
  await server.close();
  await pod.remove();
});

function watch(options: Partial<KubernetesRegistryOptions> = {}, port: number = server.port): void {
  const env = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: String(port) };
  const registry = kubernetesRegistry("otlp-case", {
    access: inCluster({ env, folder: pod.folder }),
    initialDelayMs: 5,
    maxDelayMs: 20,
    debounceMs: 5,
    onState: (state) => states.push(state),
    ...options,
  });
  reading = (async () => {
    for await (const list of registry.watch(over.signal)) lists.push(hosts(list));
  })();
}

const hosts = (list: readonly Endpoint[]): string => list.map(({ url }) => new URL(url).hostname).join(" ");
const told = (expected: string): Promise<void> => vi.waitFor(() => expect(lists.at(-1)).toBe(expected), 5_000);
const asked = (verb: string): number => server.questions.filter((question) => question.startsWith(verb)).length;
const watched = (count = 1): Promise<void> =>
  vi.waitFor(() => {
    expect(asked("watch")).toBeGreaterThanOrEqual(count);
    expect(server.openWatches).toBe(1);
  });
const put = (name: string, ...addresses: string[]): void =>
  server.put(
    "shop",
    sliceOf(
      name,
      addresses.map((host) => ({ id: host, host, port: 4317 })),
    ),
  );
const lastError = (): ExportError | undefined =>
  states.flatMap((state) => (state.state === "stale" ? [state.error] : [])).at(-1);

describe("watching EndpointSlices", () => {
  for (const how of ["status", "event"] as const) {
    it(`reads everything again when history was given up, told by ${how}, and notices who has gone meanwhile`, async () => {
      server.goneBy(how);
      put("one", "10.0.0.1");
      put("two", "10.0.0.2");
      watch();
      await told("10.0.0.1 10.0.0.2");
      await watched();
      await server.close();
      server.remove("shop", "one");
      put("three", "10.0.0.3");
      server.expire();
      await server.restart();
      await told("10.0.0.2 10.0.0.3");
      expect(asked("list")).toBe(2);
    });
  }

  it("begins again when history is given up while pages are being turned", async () => {
    for (const number of [1, 2, 3]) put(`slice-${number}`, `10.0.0.${number}`);
    server.fail("list", 410);
    watch({ pageSize: 1 });
    await told("10.0.0.1 10.0.0.2 10.0.0.3");
    expect(states.map(({ state }) => state)).toEqual(["fresh"]);
  });

  it("turns all pages", async () => {
    for (const number of [1, 2, 3, 4, 5]) put(`slice-${number}`, `10.0.0.${number}`);
    watch({ pageSize: 2 });
    await told("10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5");
    expect(asked("list")).toBe(3);
  });

  it("goes on from where a watch has ended, without reading everything again", async () => {
    put("one", "10.0.0.1");
    watch();
    await watched();
    server.endWatches();
    await watched(2);
    put("two", "10.0.0.2");
    await told("10.0.0.1 10.0.0.2");
    expect(asked("list")).toBe(1);
    expect(states.every(({ state }) => state === "fresh")).toBe(true);
  });

  it("goes on from the last bookmark, so that history which was given up since does not matter", async () => {
    put("one", "10.0.0.1");
    watch();
    await watched();
    server.expire();
    server.bookmark();
    await vi.waitFor(() => expect(lists.length).toBe(1));
    server.endWatches();
    await watched(2);
    put("two", "10.0.0.2");
    await told("10.0.0.1 10.0.0.2");
    expect(asked("list")).toBe(1);
    expect(server.questions.at(-1)).toContain("allowWatchBookmarks=true");
  });

  it("reads events whatever pieces they come in", async () => {
    server.pieces(7);
    put("one", "10.0.0.1");
    watch();
    await told("10.0.0.1");
    put("zweite-größere", "10.0.0.2");
    await told("10.0.0.1 10.0.0.2");
  });

  it("reads no event without end", async () => {
    put("one", "10.0.0.1");
    watch({ maxEventBytes: 2_000 });
    await watched();
    server.send({ type: "ADDED", object: { metadata: { name: "x".repeat(3_000) } } });
    await vi.waitFor(() => expect(lastError()?.message).toContain("more than the 2000 bytes allowed"));
    put("two", "10.0.0.2");
    await told("10.0.0.1 10.0.0.2");
  });

  it("reads everything again after an error in the middle of a watch whose meaning it does not know", async () => {
    put("one", "10.0.0.1");
    watch();
    await watched();
    server.send({ type: "ERROR", object: { kind: "Status", code: 500, reason: "InternalError" } });
    await vi.waitFor(() => expect(asked("list")).toBe(2));
    expect(lastError()?.message).toContain("(500 InternalError)");
    expect(lists).toEqual(["10.0.0.1"]);
  });

  it("is not put off by kinds of events that it does not know", async () => {
    put("one", "10.0.0.1");
    watch();
    await watched();
    server.send({ type: "NOVELTY", object: { metadata: { resourceVersion: "101" } } });
    put("two", "10.0.0.2");
    await told("10.0.0.1 10.0.0.2");
    expect(asked("watch")).toBe(1);
  });

  it("notices that a connection has died without a word, when a watch does not end in its time", async () => {
    const proxy = await faultProxy(server.port);
    put("one", "10.0.0.1");
    watch({ watchSeconds: 0.4, watchGraceMs: 100 }, proxy.port);
    await watched();
    await proxy.stall();
    put("two", "10.0.0.2");
    await vi.waitFor(() => expect(lastError()?.message).toContain("not ended a watch when it should"), 5_000);
    await proxy.restore();
    await told("10.0.0.1 10.0.0.2");
    expect(asked("list")).toBe(1);
    over.abort();
    await reading;
    await proxy.close();
  });

  it("waits as long as it is told to when there is too much to do", async () => {
    server.fail("list", 429, { "retry-after": "1" });
    put("one", "10.0.0.1");
    watch();
    await vi.waitFor(() => expect(states.length).toBe(1));
    expect(states[0]).toMatchObject({ state: "stale", retryInMs: 1_000, error: { code: "overloaded" } });
    await told("10.0.0.1");
  });
});

describe("the right to watch", () => {
  it("is proved with the token of the moment, which is read again when it was refused", async () => {
    put("one", "10.0.0.1");
    watch();
    await watched();
    server.tokens.clear();
    server.tokens.add("token-2");
    await pod.setToken("token-2");
    server.endWatches();
    await watched(2);
    put("two", "10.0.0.2");
    await told("10.0.0.1 10.0.0.2");
    expect(states.every(({ state }) => state === "fresh")).toBe(true);
  });

  it("is asked for again later when the new token is refused too", async () => {
    server.tokens.clear();
    put("one", "10.0.0.1");
    watch();
    await vi.waitFor(() => expect(lastError()?.code).toBe("unauthenticated"));
    server.tokens.add("token-2");
    await pod.setToken("token-2");
    await told("10.0.0.1");
  });

  it("is said to be missing in the words of those who can give it", async () => {
    server.verbs.delete("watch");
    put("one", "10.0.0.1");
    watch();
    await vi.waitFor(() => expect(lastError()?.code).toBe("forbidden"));
    expect(lastError()?.message).toMatch(
      /watch endpointslices\.discovery\.k8s\.io in the namespace "shop" \(403\).*Role/,
    );
    expect(lists).toEqual(["10.0.0.1"]);
    server.verbs.add("watch");
    await watched();
  });

  it("is missing outside of a cluster", async () => {
    const nowhere = kubernetesRegistry("otlp-case", {
      access: inCluster({ env: {} }),
      onState: (state) => states.push(state),
    });
    reading = (async () => {
      for await (const list of nowhere.watch(over.signal)) lists.push(hosts(list));
    })();
    await vi.waitFor(() => expect(lastError()?.message).toContain("KUBERNETES_SERVICE_HOST is not set"));
  });

  it("never shows in messages", async () => {
    server.tokens.clear();
    await pod.setToken("secret-token");
    watch();
    await vi.waitFor(() => expect(lastError()?.code).toBe("unauthenticated"));
    const everything = states.map((state) => (state.state === "stale" ? String(state.error.stack) : ""));
    expect(everything.join()).not.toContain("secret-token");
  });
});
