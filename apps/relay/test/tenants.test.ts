import { type ExportError, protobufBatch } from "@otlpkit/core";
import { encode } from "@otlpkit/otlp";
import { seeded } from "@otlpkit/testkit";
import { httpBackend } from "@otlpkit/testkit/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { configured, pipelinesTo, running } from "./running.ts";

const spans = seeded(5).traces({ items: 400 });

async function relayOf(tenants: string) {
  const backend = await httpBackend();
  onTestFinished(() => backend.close());
  const started = await running(`
exporters:
  otlphttp: { endpoint: "${backend.url}", compression: none, retry_on_failure: { enabled: false } }
service:
  memory_budget: ${Math.ceil(10 * Math.max(spans.body.byteLength, 110_000))}
  tenants: ${tenants}
  pipelines:
${pipelinesTo("otlphttp")}
`);
  return { backend, ...started };
}

describe("tenants of a relay", () => {
  it("share its memory by the header that names them: who has too much is refused alone, and told when to come back", async () => {
    const { backend, overGrpc, overHttp, relay } = await relayOf("{ header: X-Tenant, weights: { gold: 2 }, max: 2 }");
    const of = (tenant: string) => ({ ...spans, headers: { "x-tenant": tenant } });
    backend.script({ kind: "hang" });
    const abort = new AbortController();
    const held: Promise<unknown>[] = [];
    let refusal: unknown;
    while (refusal === undefined) {
      held.push(
        overGrpc.send(of("noisy"), { signal: abort.signal }).catch((error: unknown) => {
          if (!abort.signal.aborted) refusal ??= error;
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(refusal).toMatchObject({ code: "overloaded", retryable: true });
    expect((refusal as ExportError).retryAfterMs).toBeGreaterThan(0);
    await expect(overHttp.send(of("noisy"), {})).rejects.toMatchObject({ code: "overloaded" });
    backend.script({ kind: "ok" });
    await Promise.all([overHttp.send(of("quiet"), {}), overGrpc.send(of("gold"), {})]);
    await expect(overHttp.send(of("noisy"), {})).rejects.toMatchObject({ code: "overloaded" });
    const counted = (tenant: string): number =>
      relay.metrics.sum("otlpkit_tenant_refused_requests", { tenant, code: "overloaded" });
    expect(counted("noisy")).toBeGreaterThanOrEqual(3);
    expect([counted("quiet"), counted("gold"), counted("others")]).toEqual([0, 0, 0]);
    expect(Object.keys(relay.ledger().tenants)).toEqual(expect.arrayContaining(["gold", "quiet"]));
    abort.abort();
    await Promise.all(held);
  });

  it("are told by an attribute of their resources where no header says it", async () => {
    const { backend, overHttp, relay } = await relayOf("{ attribute: tenant.id }");
    const body = encode("traces", {
      resourceSpans: ["a", "b", "a"].map((tenant) => ({
        resource: { attributes: [{ key: "tenant.id", value: { stringValue: tenant } }] },
        scopeSpans: [{ spans: [{ name: "one" }] }],
      })),
    });
    await overHttp.send(protobufBatch("traces", body, 3), {});
    expect(backend.requests).toHaveLength(2);
    const delivered = Object.entries(relay.ledger().tenants).map(([name, balance]) => [name, balance.delivered]);
    expect(delivered).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });

  it("must be named by something, and weigh something", async () => {
    const saying = (tenants: string): string => `
receivers: { otlp: { protocols: { http: {} } } }
exporters: { nop: {} }
service:
  tenants: ${tenants}
  pipelines: { traces: { receivers: [otlp], exporters: [nop] } }
`;
    await expect(configured(saying("{ max: 5 }"))).rejects.toThrow("needs header, attribute or both");
    await expect(configured(saying("{ header: x, weights: { a: 0 } }"))).rejects.toThrow("must be above 0");
  });
});
