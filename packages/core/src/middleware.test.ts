import { describe, expect, it } from "vitest";
import { protobufBatch } from "./batch.ts";
import { middleware, pipe } from "./middleware.ts";
import { accepted, type Sender } from "./sender.ts";

function tracing(trace: string[]): Sender {
  return {
    send: () => {
      trace.push("end");
      return Promise.resolve(accepted);
    },
    close: () => {
      trace.push("closed");
      return Promise.resolve();
    },
  };
}

const named = (name: string, trace: string[]) =>
  middleware((batch, options, next) => {
    trace.push(name);
    return next(batch, options);
  });

describe("pipe", () => {
  it("lets data meet the stages in the order in which they are written", async () => {
    const trace: string[] = [];
    const sender = pipe(named("first", trace), named("second", trace), tracing(trace));
    expect(await sender.send(protobufBatch("traces", new Uint8Array(), 0), {})).toBe(accepted);
    expect(trace).toEqual(["first", "second", "end"]);
  });

  it("closes the far end through every stage", async () => {
    const trace: string[] = [];
    await pipe(named("first", trace), tracing(trace)).close();
    expect(trace).toEqual(["closed"]);
  });

  it("is the sender itself when there are no stages", () => {
    const sender = tracing([]);
    expect(pipe(sender)).toBe(sender);
  });
});
