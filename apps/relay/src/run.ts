import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigurationError, type ConfigurationSource, type Environment, readConfiguration } from "@otlpkit/config";
import {
  type Fields,
  type Log,
  log as makeLog,
  type LogOptions,
  type Metrics,
  metrics as makeMetrics,
  unhandledErrors,
} from "@otlpkit/telemetry";
import { readArguments, usage } from "./arguments.ts";
import { banner } from "./banner.ts";
import { configurationFromEnvironment } from "./from-environment.ts";
import { prepareForBuffers } from "./buffer-memory.ts";
import { language, type RelayConfiguration } from "./language.ts";
import { writeLedger } from "./ledger.ts";
import { type Relay, startRelay } from "./start-relay.ts";
import { version } from "./version.ts";

/** Exit codes: all is well, it did not work, it was called wrongly. */
const [success, failure, misuse] = [0, 1, 2];

/** The whole life of the process, from its arguments to its exit code. */
export async function run(words: readonly string[], environment: Environment): Promise<number> {
  const command = readArguments(words);
  switch (command.kind) {
    case "help": {
      process.stdout.write(usage);
      return success;
    }
    case "version": {
      process.stdout.write(`${version}\n`);
      return success;
    }
    case "wrong": {
      process.stderr.write(`${command.message}\n\n${usage}`);
      return misuse;
    }
    case "validate": {
      const loaded = await load(command.config, environment);
      if (loaded === undefined) return failure;
      const { configuration } = loaded;
      for (const warning of configuration.warnings) process.stderr.write(`warning: ${warning}\n`);
      process.stdout.write(`${command.config} is valid\n`);
      return success;
    }
    default: {
      return serve(command, environment);
    }
  }
}

async function serve(
  { config, logFormat }: { readonly config: string | undefined; readonly logFormat: "text" | "json" | undefined },
  environment: Environment,
): Promise<number> {
  const loaded = await (config === undefined ? fromEnvironment(environment) : load(config, environment));
  if (loaded === undefined) return failure;
  const { configuration, fingerprint } = loaded;
  let relay: Relay | undefined;
  const { encoding, level, initial_fields, sampling } = configuration.service.telemetry.logs;
  const format = logFormat ?? (encoding === "json" ? "json" : "text");
  const context = (): Fields => (relay === undefined ? {} : relay.traceIds());
  const log = makeLog({ format, level, context, ...repeats(sampling) }).with(initial_fields);
  prepareForBuffers();
  // Before anything listens, so that a signal at any moment is an orderly end.
  const asked = stopSignal(log);
  const metrics = makeMetrics();
  const broken = failures(log, metrics);
  for (const warning of configuration.warnings) log.warn(warning);
  try {
    relay = await startRelay(configuration, { log, metrics, version, fingerprint });
  } catch (error) {
    log.error("cannot start", { error });
    if (format === "text") process.stderr.write(adviceFor(error, config));
    return failure;
  }
  announce(relay, format, config, log);
  const reason = await Promise.race([asked, broken]);
  if (format === "text" && reason !== "failure") log.info("stopping; what was taken is delivered first");
  const { leftItems } = await relay.close();
  const ledger = relay.ledger();
  if (format === "json") log.info("stopped", { ...ledger, leftItems });
  else for (const line of writeLedger(ledger)) log.info(line);
  if (!ledger.closes) log.error("the ledger does not close; please report it", { open: ledger.open });
  if (leftItems > 0) log.error("not everything could be delivered in time", { leftItems });
  return leftItems > 0 || reason === "failure" ? failure : success;
}

/** The Collector's words for how often a message may be repeated. */
function repeats(sampling: RelayConfiguration["service"]["telemetry"]["logs"]["sampling"]): LogOptions {
  if (sampling === undefined) return {};
  const { enabled, initial, thereafter, tick } = sampling;
  return enabled
    ? { maxRepeats: initial, repeatEvery: thereafter, repeatWindowMs: tick }
    : { maxRepeats: Number.POSITIVE_INFINITY };
}

/** A configuration, and the SHA-256 of the file it was read from. */
interface Loaded {
  readonly configuration: RelayConfiguration;
  readonly fingerprint: string | undefined;
}

async function load(file: string, environment: Environment): Promise<Loaded | undefined> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    process.stderr.write(`cannot read the configuration ${file} (${code})\n`);
    return undefined;
  }
  return read({ text, file, environment });
}

async function fromEnvironment(environment: Environment): Promise<Loaded | undefined> {
  const { value, warnings } = configurationFromEnvironment(environment);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  return read({ value, file: "environment" });
}

async function read(source: ConfigurationSource): Promise<Loaded | undefined> {
  try {
    const configuration = await readConfiguration(source, language);
    const fingerprint = "text" in source ? createHash("sha256").update(source.text).digest("hex") : undefined;
    return { configuration, fingerprint };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const count = error.problems.length;
    const head = count === 1 ? "the configuration cannot be used:" : `the configuration has ${count} problems:`;
    process.stderr.write(`${head}\n${error.message}\n`);
    return undefined;
  }
}

function announce(relay: Relay, format: "text" | "json", config: string | undefined, log: Log): void {
  if (format === "text") {
    const source = config ?? "no --config: receiving on this machine only";
    const color = process.stdout.isTTY && !process.env["NO_COLOR"];
    process.stdout.write(banner(relay, { version, source, color }));
    return;
  }
  const destinations = [...relay.destinations].map(([id, { label, target }]) => ({ id, label, target }));
  log.info("ready", { version, doors: relay.doors, destinations, status: relay.status });
}

/** One Ctrl-C goes to npm, to its script and to us, and each hands it on; what comes within this time is the same order. */
const echoMs = 300;

/** Resolves at the first SIGTERM, SIGINT or SIGHUP (its terminal is gone); the second ends the process at once. */
function stopSignal(log: Log): Promise<"signal"> {
  return new Promise((resolve) => {
    let askedMs: number | undefined;
    for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(name, () => {
        const nowMs = performance.now();
        askedMs ??= nowMs;
        if (nowMs - askedMs > echoMs) {
          log.error("stopped at once by a second signal");
          process.exit(failure);
        }
        resolve("signal");
      });
    }
  });
}

/**
 * An error that nobody caught leaves the process in a state nobody knows, so it ends, in order: what was taken is
 * delivered, and whoever watches over the process starts it again. A rejected promise that nobody looked at is logged,
 * and the process goes on: the request that it belonged to had its answer or its timeout.
 */
function failures(log: Log, metrics: Metrics): Promise<"failure"> {
  const count = unhandledErrors(metrics);
  process.on("unhandledRejection", (error) => {
    count("rejection");
    log.error("a rejected promise was not handled", { error });
  });
  return new Promise((resolve) => {
    process.on("uncaughtException", (error) => {
      count("exception");
      log.error("an error was not caught; stopping", { error, error_stack: error.stack });
      resolve("failure");
    });
  });
}

function adviceFor(error: unknown, config: string | undefined): string {
  const message = error instanceof Error ? error.message : "";
  if (!message.includes("EADDRINUSE")) return "";
  const elsewhere =
    config === undefined
      ? "RELAY_GRPC_ENDPOINT, RELAY_HTTP_ENDPOINT and RELAY_STATUS_ENDPOINT choose other ports (HOST:PORT)"
      : "give another endpoint at the place named above";
  return `Another program has that port, perhaps a collector or another relay. Stop it, or move this one:\n${elsewhere}.\n`;
}
