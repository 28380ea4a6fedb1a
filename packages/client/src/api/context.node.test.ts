import { EventEmitter, once } from "node:events";
import { Readable } from "node:stream";
import { setImmediate as immediately, setTimeout as later } from "node:timers/promises";
import { type Context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { contextManager } from "./context.node.ts";

const key = createContextKey("who");
const contextOf = (who: string): Context => ROOT_CONTEXT.setValue(key, who);

describe("the context manager of Node", () => {
  it("follows promises, timers, ticks and callbacks", async () => {
    const manager = contextManager();
    const who = (): unknown => manager.active().getValue(key);
    expect(manager.active()).toBe(ROOT_CONTEXT);
    const seen = await manager.with(contextOf("a"), async () => {
      const found = [who()];
      await later(1);
      found.push(who());
      await immediately();
      found.push(who());
      await new Promise<void>((resolve) => process.nextTick(resolve));
      found.push(who());
      found.push(await new Promise((resolve) => queueMicrotask(() => resolve(who()))));
      found.push(await new Promise((resolve) => setTimeout(() => resolve(who()), 1)));
      for await (const _ of Readable.from(["x"])) found.push(who());
      return found;
    });
    expect(seen).toEqual(["a", "a", "a", "a", "a", "a", "a"]);
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  it("keeps apart what runs at the same time", async () => {
    const manager = contextManager();
    const work = (name: string): Promise<unknown> =>
      manager.with(contextOf(name), async () => {
        for (let step = 0; step < 5; step++) await immediately();
        return manager.active().getValue(key);
      });
    const names = Array.from({ length: 50 }, (_, index) => `request ${index}`);
    expect(await Promise.all(names.map(work))).toEqual(names);
  });

  it("passes this and arguments on, and gives what the function gives", () => {
    const manager = contextManager();
    const given = manager.with(
      contextOf("a"),
      function (this: string, one: number, two: number) {
        return [this, one, two];
      },
      "me",
      1,
      2,
    );
    expect(given).toEqual(["me", 1, 2]);
    expect(manager.with(contextOf("a"), (one: number) => one, undefined, 1)).toBe(1);
  });

  it("goes back to what was before when the function throws", () => {
    const manager = contextManager();
    const fail = (): never => {
      throw new Error("no");
    };
    expect(() => manager.with(contextOf("a"), fail)).toThrow("no");
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  it("binds functions, which look as they did", () => {
    const manager = contextManager();
    function who(this: unknown, _one: unknown, _two: unknown): unknown[] {
      return [manager.active().getValue(key), this, _one];
    }
    const bound = manager.bind(contextOf("a"), who);
    expect([bound.name, bound.length]).toEqual(["who", 2]);
    expect(manager.with(contextOf("b"), () => bound.call("me", 1, 2))).toEqual(["a", "me", 1]);
  });

  it("binds the listeners of an emitter, whenever they were added and whoever emits", async () => {
    const manager = contextManager();
    const emitter = new EventEmitter();
    const seen: unknown[] = [];
    const listen = (name: string): unknown => seen.push([name, manager.active().getValue(key)]);
    emitter.on("event", () => listen("before"));
    expect(manager.bind(contextOf("a"), emitter)).toBe(emitter);
    emitter.on("event", () => listen("on"));
    emitter.once("event", () => listen("once"));
    emitter.prependListener("event", () => listen("first"));
    manager.with(contextOf("b"), () => emitter.emit("event", 1));
    expect(seen).toEqual([
      ["first", "a"],
      ["before", "a"],
      ["on", "a"],
      ["once", "a"],
    ]);
    const heard = once(emitter, "other");
    expect(emitter.emit("other", 7)).toBe(true);
    expect(await heard).toEqual([7]);
    expect(emitter.emit("nobody listens")).toBe(false);
  });

  it("leaves listeners removable, and an emitter bound as it was first", () => {
    const manager = contextManager();
    const emitter = new EventEmitter();
    const seen: unknown[] = [];
    const listener = (): unknown => seen.push(manager.active().getValue(key));
    manager.bind(contextOf("a"), emitter);
    manager.bind(contextOf("b"), emitter);
    emitter.on("event", listener);
    expect(emitter.listeners("event")).toEqual([listener]);
    emitter.emit("event");
    emitter.off("event", listener);
    emitter.emit("event");
    expect(seen).toEqual(["a"]);
  });

  it("lets what is neither be", () => {
    const thing = {};
    expect(contextManager().bind(contextOf("a"), thing)).toBe(thing);
    expect(contextManager().bind(contextOf("a"), undefined)).toBeUndefined();
  });

  it("can be told what is active, until the token is disposed of", async () => {
    const manager = contextManager();
    await manager.with(contextOf("a"), async () => {
      const token = manager.attach?.(contextOf("b"));
      expect(manager.active().getValue(key)).toBe("b");
      await immediately();
      expect(manager.active().getValue(key)).toBe("b");
      token?.dispose();
      expect(manager.active().getValue(key)).toBe("a");
    });
    expect.assertions(3);
  });

  it("knows nothing more once it is disabled", () => {
    const manager = contextManager().enable();
    manager.with(contextOf("a"), () => {
      manager.disable();
      expect(manager.active()).toBe(ROOT_CONTEXT);
    });
    expect.assertions(1);
  });
});
