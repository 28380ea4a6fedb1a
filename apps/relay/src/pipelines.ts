import { accepted, type Middleware, pipe, type Sender, type Signal } from "@otlpkit/core";
import type { Pipeline } from "@otlpkit/config";
import { bookAnswers, bookDeliveries, processorMetrics, type Stop } from "@otlpkit/telemetry";
import { destination } from "./accounted.ts";
import type { ComponentContext, Destination } from "./component.ts";
import { fanOut } from "./fan-out.ts";
import type { RelayConfiguration } from "./language.ts";

/** The pipelines of a relay, built and ready for data. */
export interface Pipelines {
  /** Takes what a receiver brings and sends it down every pipeline of its signal that names the receiver. */
  entrance(receiver: string): Sender;
  /** Flushes and closes all stages, then the destinations. */
  close(): Promise<void>;
}

/** Puts stages in front of destinations as a configuration says. */
export function buildPipelines(
  configuration: RelayConfiguration,
  destinations: ReadonlyMap<string, Destination>,
  contextOf: (kind: string, id: string) => ComponentContext,
  closeGraceMs: number,
): Pipelines {
  const built = configuration.pipelines.map((pipeline) => {
    const stages = pipeline.processors.map((id): Middleware => {
      const { config, plugin } = configuration.processors.get(id)!;
      const own = { pipeline: pipeline.id, destinations: pipeline.exporters.length, closeGraceMs };
      const context = contextOf("processor", id);
      const stage = plugin.create(config as never, { ...context, ...own });
      return processorMetrics(context.metrics, { processor: id, pipeline: pipeline.id }, stage);
    });
    const { book } = contextOf("pipeline", pipeline.id);
    const stop: Stop = { kind: "pipeline", name: pipeline.id };
    const branches = pipeline.exporters.map((id) => {
      const sender = shared(destinations.get(id)!.sender);
      return { id, sender: bookAnswers(book, destination(id))(sender) };
    });
    return { pipeline, sender: pipe(bookAnswers(book, stop), ...stages, bookDeliveries(book, stop), fanOut(branches)) };
  });

  return {
    entrance: (receiver) => bySignal(built.filter(({ pipeline }) => pipeline.receivers.includes(receiver))),
    async close() {
      // Two steps, because a destination may be shared: it closes when the last pipeline has nothing more for it.
      const stages = built.map(({ sender }) => sender.close());
      await Promise.race([Promise.all(stages), later(closeGraceMs)]);
      await Promise.all([...stages, ...[...destinations.values()].map(({ sender }) => sender.close())]);
    },
  };
}

function bySignal(built: readonly { readonly pipeline: Pipeline; readonly sender: Sender }[]): Sender {
  const routes = new Map<Signal, Sender>();
  for (const signal of new Set(built.map(({ pipeline }) => pipeline.signal))) {
    const own = built.filter(({ pipeline }) => pipeline.signal === signal);
    routes.set(signal, fanOut(own.map(({ pipeline, sender }) => ({ id: pipeline.id, sender }))));
  }
  return {
    async send(batch, options) {
      // A request without items succeeds (B-06, D-09), and there is nothing in it to send on.
      if (batch.items === 0) return accepted;
      // Receivers let in only the signals they were told, which are these.
      return routes.get(batch.signal)!.send(batch, options);
    },
    close: () => Promise.resolve(),
  };
}

/** A destination as one of several pipelines sees it. */
function shared(sender: Sender): Sender {
  return { send: (batch, options) => sender.send(batch, options), close: () => Promise.resolve() };
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
