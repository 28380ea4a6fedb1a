import { type Context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { contextManager } from "./context.web.ts";

const key = createContextKey("who");
const contextOf = (who: string): Context => ROOT_CONTEXT.setValue(key, who);

describe("the context manager of browsers", () => {
  it("lasts as long as the function runs, also one within another", () => {
    const manager = contextManager();
    const who = (): unknown => manager.active().getValue(key);
    const seen = manager.with(contextOf("a"), () => [who(), manager.with(contextOf("b"), who), who()]);
    expect(seen).toEqual(["a", "b", "a"]);
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  it("is over after an await, for everybody", async () => {
    const manager = contextManager();
    const after = await manager.with(contextOf("a"), async () => {
      await Promise.resolve();
      return manager.active();
    });
    expect(after).toBe(ROOT_CONTEXT);
  });

  it("goes back to what was before when the function throws", () => {
    const manager = contextManager();
    const fail = (): never => {
      throw new Error("no");
    };
    expect(() => manager.with(contextOf("a"), fail)).toThrow("no");
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  it("passes this and arguments on", () => {
    const manager = contextManager();
    function me(this: string, one: number): unknown[] {
      return [this, one];
    }
    expect(manager.with(contextOf("a"), me, "me", 1)).toEqual(["me", 1]);
  });

  it("binds functions for later, and nothing else", async () => {
    const manager = contextManager();
    const bound = manager.bind(contextOf("a"), (one: number) => [one, manager.active().getValue(key)]);
    expect(await Promise.resolve().then(() => bound(1))).toEqual([1, "a"]);
    const target = new EventTarget();
    expect(manager.bind(contextOf("a"), target)).toBe(target);
  });

  it("can be told what is active, until the token is disposed of", () => {
    const manager = contextManager();
    const token = manager.attach?.(contextOf("a"));
    expect(manager.active().getValue(key)).toBe("a");
    token?.dispose();
    expect(manager.active()).toBe(ROOT_CONTEXT);
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
