/** Where a program hears of trouble with its telemetry: what it gave to `diag.setLogger` of `@opentelemetry/api`. */
interface Diagnostics {
  error(message: string, ...more: unknown[]): void;
  warn(message: string, ...more: unknown[]): void;
  info(message: string, ...more: unknown[]): void;
}

const apiGlobals = Symbol.for("opentelemetry.js.api.1");
const nobody: Diagnostics = { error: () => {}, warn: () => {}, info: () => {} };

/**
 * The logger that the program has set, looked up at each use, as it may be set late. Found through the globals of the
 * API, whichever copy of it the program has, so that this package need not bring one.
 */
export function diagnostics(): Diagnostics {
  return (globalThis as { [apiGlobals]?: { readonly diag?: Diagnostics } })[apiGlobals]?.diag ?? nobody;
}

/** Tells what is odd about a configuration: to the program's logger, or to the console of one that has set none. */
export function warn(warning: string): void {
  const heard = diagnostics();
  if (heard === nobody) console.warn(`otlpkit: ${warning}`);
  else heard.warn(`otlpkit: ${warning}`);
}
