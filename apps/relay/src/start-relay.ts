import type { EndpointFacts } from "@otlpkit/balancer";
import { type Listening, pipe, type Signal, signalNames } from "@otlpkit/core";
import {
  budgetMetrics,
  destinationHealth,
  type Health,
  health as makeHealth,
  ledgerMetrics,
  type Log,
  type Metrics,
  metrics as makeMetrics,
  openBook,
  processMetrics,
  receiverMetrics,
} from "@otlpkit/telemetry";
import type { ComponentContext, Destination, Door } from "./component.ts";
import { closeExtension, offered, type StartedExtension } from "./extensions/offered.ts";
import type { RelayConfiguration } from "./language.ts";
import { type Ledger, readLedger } from "./ledger.ts";
import { defaultBudgetBytes } from "./memory.ts";
import { startMonitor } from "./monitor.ts";
import { naming } from "./naming.ts";
import { startTracing } from "./own-traces.ts";
import { buildPipelines } from "./pipelines.ts";
import { startRegistration } from "./registration.ts";
import { openAudit } from "./settings/audit.ts";
import { serveStatusPages } from "./status-pages.ts";
import { tenantsOf } from "./tenants.ts";
import { underWay } from "./under-way.ts";
import { within } from "./within.ts";

/** What a relay leans on, so that a test can look at it. */
export interface Surroundings {
  readonly log: Log;
  readonly metrics?: Metrics;
  readonly health?: Health;
  readonly version?: string;
  /** Of the configuration's file, for the audit log: so that a change of it shows. */
  readonly fingerprint?: string | undefined;
}

/** A relay that is up. */
export interface Relay {
  /** Open doors, in the order of the configuration. */
  readonly doors: readonly {
    readonly id: string;
    readonly label: string;
    readonly url: string;
    readonly signals: readonly Signal[];
  }[];
  readonly destinations: ReadonlyMap<string, Destination & { readonly signals: readonly Signal[] }>;
  readonly extensions: readonly { readonly id: string; readonly address: string | undefined }[];
  /** Base URL of health and metrics, if they are served. */
  readonly status: string | undefined;
  readonly metrics: Metrics;
  readonly health: Health;
  ledger(): Ledger;
  /** `trace_id` and `span_id` of what is being done at the moment, if the relay traces it; for the log. */
  traceIds(): Readonly<Record<string, string>>;
  /**
   * Takes nothing new, delivers what it holds, closes. Resolves with what could not be delivered or answered in time;
   * `limitMs` is by default the configuration's `drain_timeout`.
   */
  close(limitMs?: number): Promise<{ readonly leftItems: number }>;
}

/** Senders are still heard for so long after the doors were told to close, since their requests may be half in. */
const lastRequestsMs = 250;

/** So long at most the relay waits at its end for someone to take its own traces. */
const lastSpansMs = 2_000;

/**
 * Builds what a configuration describes and opens its doors, destinations first, so that whoever gets in gets through.
 *
 * @throws ExportError when a door cannot be opened or a component cannot be made; what was open is closed again
 */
export async function startRelay(configuration: RelayConfiguration, surroundings: Surroundings): Promise<Relay> {
  const { log, metrics = makeMetrics(), health = makeHealth(), version = "", fingerprint } = surroundings;
  const undo: (() => unknown)[] = [];
  try {
    return await start();
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }

  async function start(): Promise<Relay> {
    const { memory_budget: maxBytes = defaultBudgetBytes() } = configuration.service;
    const tenants = tenantsOf(configuration.service.tenants, maxBytes, metrics);
    const { budget } = tenants;
    budgetMetrics(metrics, budget);
    const book = openBook();
    ledgerMetrics(metrics, book);
    let owedItems = 0;
    const looks: (() => void)[] = [];
    const second = setInterval(() => looks.forEach((look) => look()), 1_000);
    second.unref();
    undo.push(() => clearInterval(second));
    const abandon = new AbortController();
    const drainMs = configuration.service.drain_timeout;
    const whole = health.component("relay");
    undo.push(processMetrics(metrics));
    const audit = await naming("service.audit", () => openAudit(configuration.service.audit, { log, metrics }));
    undo.push(() => audit.close());

    const extensions: StartedExtension[] = [];
    const contextOf = (kind: string, id: string, signals: readonly Signal[] = []): ComponentContext => {
      const offer: ComponentContext["offer"] = (reference) => offered(reference, extensions);
      const atEnd = (letGo: () => void): void => void undo.push(letGo);
      const own = log.with({ [kind]: id });
      return { id, log: own, metrics, health, book, budget, tenants, signals, audit, offer, atEnd };
    };

    // First, because others may need them.
    for (const [id, { config, plugin }] of configuration.extensions) {
      const extension = await naming(`extensions.${id}`, () =>
        plugin.create(config as never, contextOf("extension", id)),
      );
      extensions.push({ id, extension });
      undo.push(() => closeExtension({ id, extension }));
    }

    const tracing = await naming("service.telemetry.traces", () =>
      startTracing(configuration.service.telemetry.traces, { log, metrics, version }),
    );
    undo.push(() => tracing.close());
    const endpoints = new Map<string, () => readonly EndpointFacts[]>();
    const destinations = new Map<string, Destination & { signals: readonly Signal[] }>();
    for (const [id, { config, plugin }] of configuration.exporters) {
      const signals = signalsOf(configuration, "exporters", id);
      const context = {
        ...contextOf("exporter", id, signals),
        abandoned: abandon.signal,
        trace: tracing.exporter(id),
        condition: destinationHealth(health.component(`exporter:${id}`)),
        everySecond: (look: () => void) => void looks.push(look),
        showEndpoints: (look: () => readonly EndpointFacts[]) => void endpoints.set(id, look),
        owe: (items: number) => void (owedItems += items),
      };
      // so that the first to fail is the first in the file
      const made: Destination = await naming(`exporters.${id}`, () => plugin.create(config as never, context));
      destinations.set(id, { ...made, signals });
      undo.push(() => made.sender.close());
    }
    const pipelines = buildPipelines(configuration, destinations, contextOf, drainMs / 2);
    const flow = underWay();
    const folders = extensions.flatMap(({ extension: { address = "", offers } }) => (offers?.storage ? [address] : []));
    const monitor = startMonitor(configuration.service.monitor, folders, { health, log, metrics });
    undo.push(() => monitor.close());

    const ledger = (): Ledger => readLedger(metrics, book, [...destinations.keys()]);
    const status = await serveStatusPages(configuration.service, {
      health,
      log,
      metrics,
      version,
      details: () => ({
        ledger: ledger(),
        underWay: flow.count(),
        endpoints: Object.fromEntries([...endpoints].map(([id, look]) => [id, look()])),
      }),
    });
    undo.push(() => status.close());

    const open: { id: string; door: Door; listening: Listening; signals: readonly Signal[] }[] = [];
    for (const [id, { config, plugin }] of configuration.receivers) {
      const signals = signalsOf(configuration, "receivers", id);
      const context = { ...contextOf("receiver", id, signals), metadataKeys: metadataKeysOf(configuration, id) };
      const doors = await naming(`receivers.${id}`, () => plugin.create(config, context));
      for (const door of doors) {
        const labels = { receiver: id, transport: door.label.toLowerCase() };
        const traced = tracing.receive(id, labels.transport);
        const counted = receiverMetrics(metrics, labels);
        const stages = [traced, counted, audit.stage(id, "door"), monitor.stage, flow.stage, ...tenants.stages];
        const entrance = pipe(...stages, pipelines.entrance(id));
        const listening = await naming(door.key, () => door.receiver.listen(entrance));
        open.push({ id, door, listening, signals });
        undo.push(() => listening.close({ graceMs: 0 }));
      }
    }
    whole.set("ready");
    const where = open.map(({ door, listening }) => urlOf(door, listening));
    const registration = await naming("service.registration", () =>
      configuration.service.registration === undefined
        ? undefined
        : startRegistration(
            configuration.service.registration,
            where.map((url) => ({ url })),
            { health, log, metrics },
          ),
    );
    undo.push(() => registration?.close());
    audit.record({
      action: "relay.started",
      outcome: "success",
      actor: "otlpkit",
      target: "relay",
      facts: { version, ...(fingerprint === undefined ? {} : { fingerprint }) },
    });

    let closing: Promise<{ leftItems: number }> | undefined;
    return {
      doors: open.map(({ id, door, signals }, index) => ({ id, label: door.label, url: where[index]!, signals })),
      destinations,
      extensions: extensions.map(({ id, extension }) => ({ id, address: extension.address })),
      status: status.urls[0],
      metrics,
      health,
      ledger,
      traceIds: () => tracing.ids(),
      close: (limitMs = drainMs) => (closing ??= close(limitMs)),
    };

    async function close(limitMs: number): Promise<{ leftItems: number }> {
      whole.set("stopping");
      const until = performance.now() + limitMs;
      // Others should learn of it before the doors close.
      await within(Promise.resolve(registration?.drain()), limitMs / 4);
      const doors = Promise.all(open.map(({ listening }) => listening.close({ graceMs: limitMs })));
      await within(doors, Math.min(lastRequestsMs, limitMs / 4));
      const drained = Promise.all([doors, pipelines.close()]);
      const inTime = await within(drained, until - performance.now());
      const leftItems = inTime ? 0 : flow.count().items + owedItems;
      if (!inTime) {
        abandon.abort();
        // Whoever gets no answer now gets a closed connection, and comes again.
        await within(drained, 100);
      }
      // The last spans end when the last batch is answered.
      await within(tracing.close(), Math.max(100, Math.min(lastSpansMs, until - performance.now())));
      await Promise.all(extensions.map(closeExtension));
      audit.record({
        action: "relay.stopped",
        outcome: leftItems === 0 ? "success" : "failure",
        actor: "otlpkit",
        target: "relay",
        facts: { items: leftItems },
      });
      await within(Promise.all([audit.close(), registration?.close()]), Math.max(500, until - performance.now()));
      // The status server goes last, so that the last state can be read; `undo` holds it and the process metrics.
      await Promise.all(undo.map((step) => within(Promise.resolve(step()), 100)));
      return { leftItems };
    }
  }
}

function urlOf({ scheme }: Door, { address }: Listening): string {
  return scheme === "unix" ? address : `${scheme}://${address}`;
}

function signalsOf(configuration: RelayConfiguration, side: "receivers" | "exporters", id: string): Signal[] {
  const named = configuration.pipelines.filter((pipeline) => pipeline[side].includes(id));
  return signalNames.filter((signal) => named.some((pipeline) => pipeline.signal === signal));
}

/** By which headers the processors behind a receiver tell senders apart. */
function metadataKeysOf(configuration: RelayConfiguration, receiver: string): string[] {
  const behind = configuration.pipelines.filter(({ receivers }) => receivers.includes(receiver));
  return behind.flatMap(({ processors }) =>
    processors.flatMap((id) => {
      const { config } = configuration.processors.get(id)!;
      return "metadata_keys" in config ? config.metadata_keys : [];
    }),
  );
}
