import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "@otlpkit/otlp";
import { itemIds, seeded } from "@otlpkit/testkit";
import { type Backend, freePort, grpcBackend, httpBackend } from "@otlpkit/testkit/node";
import { httpTransport } from "@otlpkit/transport-http";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Relay, startRelay } from "../src/start-relay.ts";
import { configured, pipelinesTo, remembering } from "./running.ts";

const source = seeded(21);

async function backends(count: number, make: () => Promise<Backend> = grpcBackend): Promise<Backend[]> {
  const all = await Promise.all(Array.from({ length: count }, make));
  onTestFinished(async () => void (await Promise.all(all.map((each) => each.close()))));
  return all;
}

async function relayTo(
  exporter: string,
): Promise<{ relay: Relay; said: string[]; send: (items: number) => Promise<string[]> }> {
  const { log, said } = remembering();
  const yaml = `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
exporters:
  ${exporter}
service:
  status: { enabled: false }
  pipelines:
${pipelinesTo(exporter.trim().split(":")[0]!)}`;
  const relay = await startRelay(await configured(yaml), { log });
  onTestFinished(async () => void (await relay.close(500)));
  const sender = httpTransport().connect({ url: relay.doors[0]!.url });
  onTestFinished(() => sender.close());
  return {
    relay,
    said,
    send: async (items) => {
      const batch = source.traces({ items });
      await sender.send(batch, { deadline: performance.now() + 20_000 });
      return itemIds("traces", batch.body, "protobuf");
    },
  };
}

const place = ({ url }: Backend): string => url.replace(/^http:\/\//u, "");
const traceIdsAt = ({ requests }: Backend): Set<string> =>
  new Set(
    requests.flatMap(({ body }) =>
      (decode("traces", body).resourceSpans ?? [])
        .flatMap(({ scopeSpans = [] }) => scopeSpans)
        .flatMap(({ spans = [] }) => spans)
        .map(({ traceId }) => Buffer.from(traceId ?? []).toString("hex")),
    ),
  );

describe("loadbalancing", () => {
  it("keeps traces whole, whichever of several relays sends them", async () => {
    const all = await backends(3);
    const exporter = `loadbalancing: { protocol: { otlp: { tls: { insecure: true }, compression: none } }, resolver: { static: { hostnames: [${all.map((each) => `"${place(each)}"`).join(", ")}] } } }`;
    const relays = await Promise.all([relayTo(exporter), relayTo(exporter)]);
    const sent: string[] = [];
    for (let round = 0; round < 6; round++) sent.push(...(await relays[round % 2]!.send(60)));
    const ids = all.map(traceIdsAt);
    expect(all.flatMap((each) => each.acceptedItemIds()).toSorted()).toEqual(sent.toSorted());
    for (const [index, own] of ids.entries()) {
      expect(own.size).toBeGreaterThan(0);
      for (const other of ids.slice(index + 1)) expect([...own].filter((id) => other.has(id))).toEqual([]);
    }
    expect(relays.map(({ relay }) => relay.ledger().closes)).toEqual([true, true]);
  });

  it("sends to the next in line what one of them cannot take", async () => {
    const all = await backends(3);
    const dead = await freePort();
    const hostnames = [...all.map(place), `127.0.0.1:${dead}`].map((each) => `"${each}"`).join(", ");
    const { relay, send, said } = await relayTo(
      `loadbalancing: { protocol: { otlp: { tls: { insecure: true } } }, resolver: { static: { hostnames: [${hostnames}] } }, routing_key: traceID }`,
    );
    const sent: string[] = [];
    for (let round = 0; round < 8; round++) sent.push(...(await send(40)));
    expect(all.flatMap((each) => each.acceptedItemIds()).toSorted()).toEqual(sent.toSorted());
    expect(said.join("\n")).toContain("took out an endpoint that fails");
    expect(relay.ledger()).toMatchObject({ accepted: 320, closes: true });
    expect(relay.metrics.sum("otlpkit_balancer_ejections", { exporter: "loadbalancing" })).toBeGreaterThan(0);
  });
});

describe.each([
  ["otlp", grpcBackend, "tls: { insecure: true }, "],
  ["otlphttp", httpBackend, ""],
] as const)("discovery of %s", (kind, make, more) => {
  it("follows a file of endpoints while they come and go, and loses nothing", async () => {
    const [first, second, third] = (await backends(3, make)) as [Backend, Backend, Backend];
    const folder = mkdtempSync(join(tmpdir(), "otlpkit-endpoints-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const list = (...all: Backend[]): void => {
      writeFileSync(join(folder, "new"), all.map(({ url }) => `${url}\n`).join(""));
      renameSync(join(folder, "new"), join(folder, "list"));
    };
    list(first, second);
    const { relay, send } = await relayTo(
      `${kind}: { ${more}discovery: { file: { path: "${folder}/list" } }, balancer: { type: round_robin } }`,
    );
    const sent: string[] = [];
    for (let round = 0; round < 4; round++) sent.push(...(await send(5)));
    expect([first, second].map(({ requests }) => requests.length)).toEqual([2, 2]);
    list(third);
    await expect
      .poll(async () => {
        sent.push(...(await send(5)));
        return third.requests.length;
      })
      .toBeGreaterThan(1);
    expect([first, second, third].flatMap((each) => each.acceptedItemIds()).toSorted()).toEqual(sent.toSorted());
    expect(relay.ledger().closes).toBe(true);
  });
});

describe("a destination that was found", () => {
  it("is more than one: what an endpoint did not answer goes to another, and is counted as repeated", async () => {
    const [deaf, other] = (await backends(2)) as [Backend, Backend];
    deaf.script({ kind: "reset", when: "before-headers" });
    const hostnames = [deaf, other].map((each) => `"${place(each)}"`).join(", ");
    const { relay, send } = await relayTo(
      `otlp: { tls: { insecure: true }, discovery: { static: { hostnames: [${hostnames}] } }, balancer: { type: round_robin } }`,
    );
    const sent = [...(await send(5)), ...(await send(5))];
    expect(deaf.requests).toHaveLength(1);
    expect(other.acceptedItemIds().toSorted()).toEqual(sent.toSorted());
    expect(relay.ledger().destinations["otlp"]).toMatchObject({ delivered: 10, repeated: 5, difference: 0 });
  });
});

describe("what a configuration says of discovery", () => {
  it.each([
    ["otlp: { balancer: {} }", /needs endpoint or discovery/],
    ["otlp: { endpoint: 'a:1', discovery: { static: { hostnames: [b] } } }", /needs endpoint or discovery/],
    ["otlphttp: { endpoint: 'http://a', discovery: { static: { hostnames: [b] } } }", /endpoint and discovery exclude/],
    ["otlp: { discovery: {} }", /needs one of static, dns, k8s, file, consul, etcd, eureka/],
    ["otlp: { discovery: { dns: { hostname: a }, static: {} } }", /needs one of/],
    ["otlp: { discovery: { dns: { hostname: a } }, balancer: { type: fastest } }", /cannot be "fastest"/],
    ["otlp: { discovery: { dns: { hostname: a } }, balancer: { key: header } }", /needs header/],
    ["loadbalancing: { resolver: { aws_cloud_map: {} } }", /aws_cloud_map: not supported: use dns/],
    [
      "loadbalancing: { resolver: { static: { hostnames: [a] } }, routing_key: attributes }",
      /needs routing_attributes/,
    ],
  ])("is refused when it is %s", async (exporter, message) => {
    await expect(relayTo(exporter)).rejects.toThrow(message);
  });
});
