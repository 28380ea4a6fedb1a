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

describe("middleware", () => {
  const batch = protobufBatch("traces", new Uint8Array(), 0);

  it("closes what is behind it only when everything it works on has been handed on", async () => {
    const trace: string[] = [];
    let finish: (() => void) | undefined;
    const work = new Promise<void>((resolve) => (finish = resolve));
    const sender = pipe(
      middleware(async (b, options, next) => {
        await work;
        return next(b, options);
      }),
      tracing(trace),
    );
    const sent = sender.send(batch, {});
    const closed = sender.close();
    await Promise.resolve();
    expect(trace).toEqual([]);
    finish?.();
    expect(await sent).toBe(accepted);
    await closed;
    expect(trace).toEqual(["end", "closed"]);
  });

  it("does not wait for answers before it closes what is behind it, which may be waiting for better times", async () => {
    let giveUp: ((error: Error) => void) | undefined;
    const answer = new Promise<never>((_, reject) => (giveUp = reject));
    const patient: Sender = { send: () => answer, close: async () => giveUp?.(new Error("closed while waiting")) };
    const sender = pipe(named("first", []), patient);
    const sent = sender.send(batch, {}).catch((error: Error) => error.message);
    await sender.close();
    expect(await sent).toBe("closed while waiting");
  });

  it("closes when a step has thrown, or answered by itself", async () => {
    const trace: string[] = [];
    const sender = pipe(
      middleware(async () => accepted),
      middleware(() => {
        throw new Error("at once");
      }),
      tracing(trace),
    );
    await sender.send(batch, {});
    await sender.close();
    expect(trace).toEqual(["closed"]);

    const throwing = middleware(() => {
      throw new Error("at once");
    })(tracing(trace));
    await expect(throwing.send(batch, {})).rejects.toThrow("at once");
    await throwing.close();
    expect(trace).toEqual(["closed", "closed"]);
  });

  it("closes once", async () => {
    const trace: string[] = [];
    const sender = pipe(named("first", trace), tracing(trace));
    await Promise.all([sender.close(), sender.close()]);
    expect(trace).toEqual(["closed"]);
  });

  it("does not wait at close for what comes after", async () => {
    const trace: string[] = [];
    const sender = pipe(
      middleware(() => new Promise(() => undefined)),
      tracing(trace),
    );
    const closed = sender.close();
    void sender.send(batch, {});
    await closed;
    expect(trace).toEqual(["closed"]);
  });
});
