import type { Context, ContextManager } from "@opentelemetry/api";

/** A function that does what `target` does, in `context`, with the same name and number of parameters. */
export function bindFunction<Target>(manager: ContextManager, context: Context, target: Target): Target {
  const run = target as (...args: unknown[]) => unknown;
  function bound(this: unknown, ...args: unknown[]): unknown {
    return manager.with(context, run, this, ...args);
  }
  Object.defineProperty(bound, "name", { value: run.name, configurable: true });
  Object.defineProperty(bound, "length", { value: run.length, configurable: true });
  return bound as Target;
}
