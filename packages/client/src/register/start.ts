import { dirname } from "node:path";
import type { Signal } from "@otlpkit/core";
import { createClient } from "../create-client.ts";
import { diagnoseLosses } from "../sdk/losses.ts";
import { propagatorsIn } from "../settings/environment/propagator-choice.ts";
import { resourceAttributes } from "../settings/environment/resource-attributes.ts";
import { type Variables, variables } from "../settings/environment/variables.ts";
import { warner } from "../warner.ts";
import { atSignals } from "./at-signals.ts";
import { consolePrinter } from "./console-printer.ts";
import { switchOnInstrumentations } from "./instrumentations.ts";
import { type OpenTelemetry, openTelemetry } from "./open-telemetry.ts";
import { processFacts } from "./process-facts.ts";
import { type Providers, providersIn } from "./providers.ts";

type Warn = (warning: string) => void;
type Stop = () => Promise<void>;

const nothingToStop: Stop = () => Promise.resolve();

/** Starts what the environment asks for, and returns what ends it. Telemetry that cannot start stops no program. */
export function start(): Stop {
  const warn = warner();
  try {
    const read = variables(process.env, warn);
    if (read.flag("OTEL_SDK_DISABLED") === true) return nothingToStop;
    const found = openTelemetry();
    if (found === undefined) {
      warn("there is no telemetry, as @opentelemetry/api is not installed; run: npm install @opentelemetry/api");
      return nothingToStop;
    }
    return startWith(found, read, warn);
  } catch (error) {
    warn(`there is no telemetry, as it could not be started: ${String(error)}`);
    return nothingToStop;
  }
}

function startWith(found: OpenTelemetry, read: Variables, warn: Warn): Stop {
  tellTroubles(found, read);
  const client = createClient({ resource: { ...processFacts(), ...resourceAttributes(read) }, onWarning: warn });
  for (const signal of ["traces", "metrics", "logs"] satisfies Signal[]) diagnoseLosses(client, signal);
  const providers = providersIn(
    read,
    client,
    consolePrinter((line) => console.log(line)),
    found,
  );
  const takeAway = useGlobally(found, read, providers);
  // Where the program is, if it is a file at all.
  switchOnInstrumentations(process.argv[1] === undefined ? process.cwd() : dirname(process.argv[1]), warn);

  const { meterProvider } = providers;
  const flush = (): Promise<unknown> =>
    meterProvider === undefined ? client.flush({ timeoutMs: 10_000 }) : meterProvider.forceFlush({ timeoutMs: 10_000 });
  const stopListening = atSignals(flush);
  return async () => {
    stopListening();
    await meterProvider?.shutdown();
    await client.close();
    takeAway();
  };
}

const levels = ["none", "error", "warn", "info", "debug", "verbose", "all"] as const;

/** To the console, unless the program has its own logger by then; warnings and worse, if nobody says otherwise. */
function tellTroubles({ api }: OpenTelemetry, read: Variables): void {
  const level = read.oneOf("OTEL_LOG_LEVEL", levels) ?? "warn";
  const logLevel = api.DiagLogLevel[level.toUpperCase() as Uppercase<typeof level>];
  api.diag.setLogger(new api.DiagConsoleLogger(), { logLevel, suppressOverrideMessage: true });
}

/** Makes them the ones that libraries find. Before `@opentelemetry/api` 1.10 loggers were found elsewhere. */
function useGlobally(
  { api, ours }: OpenTelemetry,
  read: Variables,
  { loggerProvider, ...others }: Providers,
): () => void {
  const propagators = { tracecontext: ours.traceContextPropagator, baggage: ours.baggagePropagator };
  const undo = [
    ours.registerGlobals({
      ...others,
      ...(loggerProvider !== undefined && "logs" in api && { loggerProvider }),
      propagator: ours.compositePropagator(...propagatorsIn(read).map((name) => propagators[name]())),
    }),
    loggerProvider === undefined ? () => {} : ours.registerApiLogs(loggerProvider),
  ];
  return () => {
    for (const each of undo) each();
  };
}
