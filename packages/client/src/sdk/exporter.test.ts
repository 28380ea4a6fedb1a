import { type Ack, accepted, type Batch, ExportError } from "@otlpkit/core";
import { decode, type RecordedSpan, spanEncoder } from "@otlpkit/otlp";
import { afterEach, describe, expect, it } from "vitest";
import { sdkSpans } from "../../test/sdk-spans.ts";
import type { OtlpClient } from "../otlp-client.ts";
import { type Exporter, exporter, type ExportResult } from "./exporter.ts";

type Client = Pick<OtlpClient, "send" | "flush" | "close">;

/** A client that answers as it is told and keeps what it is given. */
function client(answer: (batch: Batch) => Promise<Ack> = () => Promise.resolve(accepted)) {
  const batches: Batch[] = [];
  const calls: string[] = [];
  const report = { failed: 0, left: 0, delivered: 0 };
  const under: Client = {
    send(batch) {
      batches.push(batch);
      return answer(batch);
    },
    flush: () => Promise.resolve(report).finally(() => calls.push("flush")),
    close: () => Promise.resolve(report).finally(() => calls.push("close")),
  };
  return { client: under, own: true, batches, calls, report };
}

function exported<Items>(to: Exporter<Items>, items: Items): Promise<ExportResult> {
  return new Promise((resolve) => to.export(items, resolve));
}

const apiGlobals = Symbol.for("opentelemetry.js.api.1");
const globals = globalThis as { [apiGlobals]?: unknown };

/** What a program's own logger hears. */
function heard(): string[] {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  globals[apiGlobals] = { diag: { error: note, warn: note } };
  return lines;
}
afterEach(() => {
  delete globals[apiGlobals];
});

describe("an exporter", () => {
  it("sends all of an export as one batch, encoded at once", async () => {
    const to = client();
    const given = sdkSpans("a", "b");
    const result = exported(exporter("traces", spanEncoder(), to), given);
    given.length = 0;
    expect(await result).toEqual({ code: 0 });
    expect(to.batches).toHaveLength(1);
    expect(to.batches[0]).toMatchObject({ signal: "traces", items: 2, format: "protobuf", encoding: "identity" });
    const request = decode("traces", to.batches[0]!.body);
    expect(request.resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("hands over within the call, so that the context of the caller is still there", () => {
    const to = client();
    exporter("traces", spanEncoder(), to).export(sdkSpans("a"), () => {});
    expect(to.batches).toHaveLength(1);
  });

  it("sends nothing when it is given nothing, which is a success", async () => {
    const to = client();
    expect(await exported(exporter("traces", spanEncoder(), to), [])).toEqual({ code: 0 });
    expect(to.batches).toHaveLength(0);
  });

  it("says with its cause why an export failed", async () => {
    const cause = new Error("ECONNREFUSED");
    const refused = new ExportError("unavailable", "cannot reach localhost:4318", { cause });
    const result = await exported(
      exporter(
        "traces",
        spanEncoder(),
        client(() => Promise.reject(refused)),
      ),
      sdkSpans("a"),
    );
    expect(result).toEqual({ code: 1, error: refused });
    expect(result.error?.cause).toBe(cause);
  });

  it("counts a partial success as success, and warns (G-01)", async () => {
    const lines = heard();
    const to = client(() => Promise.resolve({ rejectedItems: 1, message: "too old" }));
    expect(await exported(exporter("traces", spanEncoder(), to), sdkSpans("a", "b"))).toEqual({ code: 0 });
    expect(lines).toEqual(["otlpkit: the far side refused 1 of 2 spans: too old"]);
  });

  it("hands on a warning about what was taken (G-04)", async () => {
    const lines = heard();
    const to = client(() => Promise.resolve({ rejectedItems: 0, message: "use gzip" }));
    await exported(exporter("traces", spanEncoder(), to), sdkSpans("a"));
    expect(lines).toEqual(["otlpkit: the far side says of spans: use gzip"]);
  });

  it("sends the others when one cannot be read, and fails for that one", async () => {
    const to = client();
    const [good, bad] = sdkSpans("good", "bad") as [RecordedSpan, RecordedSpan];
    const broken = Object.defineProperty({ ...bad }, "attributes", {
      get() {
        throw new TypeError("not now");
      },
    });
    const result = await exported(exporter("traces", spanEncoder(), to), [broken, good]);
    expect(to.batches[0]?.items).toBe(1);
    expect(result.code).toBe(1);
    expect(result.error).toMatchObject({ code: "invalid" });
  });

  it("calls back once, and survives a callback that throws", async () => {
    const lines = heard();
    let calls = 0;
    exporter("traces", spanEncoder(), client()).export(sdkSpans("a"), () => {
      calls++;
      throw new Error("of the caller");
    });
    await new Promise((resolve) => setTimeout(resolve));
    expect(calls).toBe(1);
    expect(lines).toEqual(["otlpkit: whoever waited for an export of traces failed"]);
  });

  it("fails at once after shutdown (O-13)", async () => {
    const to = client();
    const under = exporter("traces", spanEncoder(), to);
    await under.shutdown();
    const result = await exported(under, sdkSpans("a"));
    expect(result).toMatchObject({ code: 1, error: { code: "closed" } });
    expect(to.batches).toHaveLength(0);
  });

  it("flushes and shuts down the client, once", async () => {
    const to = client();
    const under = exporter("traces", spanEncoder(), to);
    await under.forceFlush();
    await Promise.all([under.shutdown(), under.shutdown(), under.forceFlush()]);
    expect(to.calls).toEqual(["flush", "close"]);
  });

  it("leaves a client that is shared to its owner", async () => {
    const to = client();
    await exporter("traces", spanEncoder(), { ...to, own: false }).shutdown();
    expect(to.calls).toEqual(["flush"]);
  });

  it("says when a flush or shutdown ran out of time (O-10, O-11)", async () => {
    const to = client();
    const under = exporter("traces", spanEncoder(), to);
    to.report.left = 3;
    await expect(under.forceFlush()).rejects.toMatchObject({ code: "timeout" });
    await expect(under.shutdown()).rejects.toThrow("3 spans had no answer in time");
  });
});
