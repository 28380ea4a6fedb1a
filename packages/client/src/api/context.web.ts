import { type Context, type ContextManager, ROOT_CONTEXT } from "@opentelemetry/api";
import { bindFunction } from "./bind-function.ts";

/**
 * Keeps track of the context as long as a function runs, and no longer: what comes after an `await` or in a timer is
 * outside, since browsers have nothing that follows it there. Bind what runs later: `context.bind(context.active(), run)`.
 */
export function contextManager(): ContextManager {
  let current: Context = ROOT_CONTEXT;

  const manager: ContextManager = {
    active: () => current,
    with(context, run, thisArg, ...args) {
      const before = current;
      current = context;
      try {
        return run.apply(thisArg, args);
      } finally {
        current = before;
      }
    },
    bind: (context, target) => (typeof target === "function" ? bindFunction(manager, context, target) : target),
    attach(context) {
      const before = current;
      current = context;
      return { dispose: () => void (current = before) };
    },
    enable: () => manager,
    disable() {
      current = ROOT_CONTEXT;
      return manager;
    },
  };
  return manager;
}
