import { accepted, type Batch, ExportError, fairBudget, protobufBatch } from "@otlpkit/core";
import { encode } from "@otlpkit/otlp";
import { middlewareCases, recordingSender } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { tenantFromResource } from "./tenant-from-resource.ts";

/** One span for each tenant, in a resource of its own. */
function spansOf(...tenants: string[]): Batch {
  const body = encode("traces", {
    resourceSpans: tenants.map((tenant) => ({
      resource: tenant === "" ? {} : { attributes: [{ key: "tenant.id", value: { stringValue: tenant } }] },
      scopeSpans: [{ spans: [{ name: `of ${tenant}` }] }],
    })),
  });
  return protobufBatch("traces", body, tenants.length);
}

function setUp(maxBytes = 1_000_000) {
  const budget = fairBudget({ maxBytes });
  const refused: string[] = [];
  const end = recordingSender();
  const onRefused = (tenant: string): void => void refused.push(tenant);
  const sender = tenantFromResource("tenant.id", { budget, onRefused })(end);
  return { budget, refused, end, sender };
}

describe("tenantFromResource keeps the contract", () => {
  const options = { budget: fairBudget({ maxBytes: 1e9 }), onRefused: () => undefined };
  middlewareCases({ it }, () => tenantFromResource("tenant.id", options));
});

describe("tenantFromResource", () => {
  it("says whose a batch is, and leaves one of a single tenant as it is", async () => {
    const { end, sender } = setUp();
    const batch = spansOf("shop", "shop");
    expect(await sender.send(batch, {})).toBe(accepted);
    await sender.send(spansOf(""), {});
    await sender.send(spansOf("n".repeat(129)), {});
    expect(end.batches.map(({ tenant }) => tenant)).toEqual(["shop", undefined, undefined]);
    expect(end.batches[0]?.body).toBe(batch.body);
  });

  it("believes a tenant that is named already", async () => {
    const { end, sender } = setUp();
    await sender.send({ ...spansOf("shop"), tenant: "from a header" }, {});
    expect(end.batches.map(({ tenant }) => tenant)).toEqual(["from a header"]);
  });

  it("cuts a batch of several tenants, and answers for all of it", async () => {
    const { end, sender, budget } = setUp();
    end.script({ rejectedItems: 1, message: "one was bad" }, accepted);
    expect(await sender.send(spansOf("a", "b", "a"), {})).toEqual({ rejectedItems: 1, message: "one was bad" });
    expect(end.batches.map(({ tenant, items }) => [tenant, items])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    expect(budget.usedBytes).toBe(0);
  });

  it("counts what failed for good as rejected, if something was taken", async () => {
    const { end, sender } = setUp();
    end.script(new ExportError("invalid", "no such tenant"), accepted);
    expect(await sender.send(spansOf("a", "b", "a"), {})).toEqual({ rejectedItems: 2, message: "no such tenant" });
    end.script(new ExportError("invalid", "no such tenant"));
    await expect(sender.send(spansOf("a", "b"), {})).rejects.toMatchObject({ code: "invalid" });
  });

  it("has all of it sent again if a part may be", async () => {
    const { end, sender } = setUp();
    end.script(accepted, new ExportError("overloaded", "later", { retryAfterMs: 5000 }));
    await expect(sender.send(spansOf("a", "b"), {})).rejects.toMatchObject({ retryable: true, retryAfterMs: 5000 });
  });

  it("refuses alone who has too much under way, and sends nothing of a batch that has some of it", async () => {
    const one = spansOf("noisy").body.byteLength;
    const { budget, end, refused, sender } = setUp(10 * one);
    end.script("hang");
    const held = Array.from({ length: 8 }, () => sender.send(spansOf("noisy"), {}).catch(() => undefined));
    await expect.poll(() => end.underWay).toBe(8);
    end.script(accepted);
    const refusal = { code: "overloaded", retryable: true, retryAfterMs: expect.any(Number) };
    await expect(sender.send(spansOf("noisy"), {})).rejects.toMatchObject(refusal);
    await expect(sender.send(spansOf("quiet", "noisy"), {})).rejects.toMatchObject(refusal);
    expect(end.batches).toHaveLength(8);
    expect(await sender.send(spansOf("quiet"), {})).toBe(accepted);
    expect(refused).toEqual(["noisy", "noisy"]);
    await end.close();
    await Promise.all(held);
    expect(budget.usedBytes).toBe(0);
  });

  it("refuses for good what can never fit", async () => {
    const { sender } = setUp(spansOf("a").body.byteLength);
    await expect(sender.send(spansOf("a"), {})).rejects.toMatchObject({ code: "too-large", retryable: false });
  });
});
