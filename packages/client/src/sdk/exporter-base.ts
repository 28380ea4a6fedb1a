import type { Exporter, ExportResult } from "./exporter.ts";

// The names that users of the official exporters know, which they may have made subclasses of.

/** An exporter that leaves the work to another. */
export class OTLPExporterBase<Items> implements Exporter<Items> {
  readonly #delegate: Exporter<Items>;

  constructor(delegate: Exporter<Items>) {
    this.#delegate = delegate;
  }

  export(items: Items, resultCallback: (result: ExportResult) => void): void {
    this.#delegate.export(items, resultCallback);
  }

  forceFlush(): Promise<void> {
    return this.#delegate.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#delegate.shutdown();
  }
}
