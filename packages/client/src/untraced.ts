// Found through the globals of `@opentelemetry/api`, whichever copy and version of it the program has, if any: so this
// package need not bring one.

interface Context {
  setValue(key: symbol, value: unknown): Context;
}

interface ContextManager {
  active(): Context;
  with<Result>(context: Context, run: () => Result): Result;
}

const apiGlobals = Symbol.for("opentelemetry.js.api.1");
const suppressTracing = Symbol.for("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/**
 * Runs something whose own requests must not be traced: an export that makes spans would go on for ever. Everything that
 * `run` starts belongs to it, later callbacks too.
 */
export function untraced<Result>(run: () => Result): Result {
  const globals = (globalThis as { [apiGlobals]?: { readonly context?: ContextManager } })[apiGlobals];
  const contexts = globals?.context;
  return contexts === undefined ? run() : contexts.with(contexts.active().setValue(suppressTracing, true), run);
}
