import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { type Context, type ContextManager, ROOT_CONTEXT } from "@opentelemetry/api";
import { bindFunction } from "./bind-function.ts";

/**
 * Keeps track of the context through promises, timers and callbacks, by `AsyncLocalStorage` of Node. Binds functions, and
 * event emitters: their listeners then run in that context, whoever emits.
 */
export function contextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const bound = new WeakSet<EventEmitter>();

  /** Whoever binds an emitter first is nearest to where it comes from, so that stays. */
  function bindEmitter(context: Context, emitter: EventEmitter): void {
    if (bound.has(emitter)) return;
    bound.add(emitter);
    const emit = emitter.emit.bind(emitter);
    emitter.emit = (...event) => storage.run(context, emit, ...event);
  }

  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (context, run, thisArg, ...args) =>
      thisArg === undefined ? storage.run(context, run, ...args) : storage.run(context, () => run.apply(thisArg, args)),
    bind(context, target) {
      if (typeof target === "function") return bindFunction(manager, context, target);
      if (target instanceof EventEmitter) bindEmitter(context, target);
      return target;
    },
    attach(context) {
      const before = manager.active();
      storage.enterWith(context);
      return { dispose: () => storage.enterWith(before) };
    },
    enable: () => manager,
    disable() {
      storage.disable();
      return manager;
    },
  };
  return manager;
}
