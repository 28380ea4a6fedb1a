import type {
  Authenticator,
  ByteBudget,
  CredentialProvider,
  Encryption,
  Receiver,
  Sender,
  Signal,
} from "@otlpkit/core";
import type { EndpointFacts } from "@otlpkit/balancer";
import type { RelayAudit } from "./settings/audit.ts";
import type { Reference } from "./references.ts";
import type { Tenants } from "./tenants.ts";
import type { ExporterTrace } from "./own-traces.ts";
import type { Book, DestinationHealth, Health, Log, Metrics } from "@otlpkit/telemetry";

/** What every component of the relay is given besides its configuration. */
export interface ComponentContext {
  /** As the configuration names it: `otlp/tenant-a`. */
  readonly id: string;
  /** Already says which component speaks. */
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Where every item is accounted for. */
  readonly book: Book;
  /** Shared by all who hold bytes of requests. */
  readonly budget: ByteBudget;
  /** Who shares this relay. */
  readonly tenants: Tenants;
  /** The signals of the pipelines that name this component. */
  readonly signals: readonly Signal[];
  /** Where what somebody may have to answer for is recorded. */
  readonly audit: RelayAudit;
  /** Lets go of something when the relay has closed, or could not start. */
  atEnd(letGo: () => void): void;
  /**
   * What an extension has to offer to others.
   *
   * @throws ExportError when the extension offers something else
   */
  offer<K extends keyof Offers>(reference: Reference<K>): Offers[K];
}

/** What extensions may offer to other components, which name them. */
export interface Offers {
  /** Where a queue keeps what it has taken: a folder of its own for each that asks. */
  readonly storage: Storage;
  /** Checks who knocks at a receiver. */
  readonly authenticator: Authenticator;
  /** Proves to a destination who we are. */
  readonly credentials: CredentialProvider;
}

/** A place on disk for queues. */
export interface Storage {
  /** The folder of one queue, by the name of the component that it belongs to; it need not exist. */
  folder(owner: string): string;
  /** When a queue answers unless it is told otherwise: once the disk has it, or once the operating system has. */
  readonly durability: "fsynced" | "buffered";
  /** What is kept there is encrypted with this. Absent: it is not. */
  readonly encryption?: Encryption;
}

/** What a receiver plugin is given. */
export interface ReceiverContext extends ComponentContext {
  /** Request headers by which a processor tells batches apart, so that they must be carried along. */
  readonly metadataKeys: readonly string[];
}

/** A door, and what to say about it at the start. */
export interface Door {
  readonly receiver: Receiver;
  /** "gRPC", "HTTP". */
  readonly label: string;
  /** "http", "https" or "unix", in front of the address. */
  readonly scheme: string;
  /** The key that moves it elsewhere, for the message when the port is taken. */
  readonly key: string;
}

/** What an exporter plugin is given. */
export interface ExporterContext extends ComponentContext {
  /** Aborted when there is no more time to drain: what was answered early and is not delivered by now is dropped. */
  readonly abandoned: AbortSignal;
  /** Stages that trace what the relay does with a batch; they pass it on as it is unless tracing is on. */
  readonly trace: ExporterTrace;
  /** Where the destination says how it does. Its `attempts` belong in front of the connection. */
  readonly condition: DestinationHealth;
  /** Calls `look` every second, as long as the relay runs. */
  everySecond(look: () => void): void;
  /** Shows at /status whom this exporter knows and how they stand; they are asked for each time. */
  showEndpoints(look: () => readonly EndpointFacts[]): void;
  /** So many more items are only in memory, though their senders were answered; or less when negative. */
  owe(items: number): void;
}

/** A destination, and what to say about it at the start. */
export interface Destination {
  readonly sender: Sender;
  /** "grpc", "http", "file", "debug". */
  readonly label: string;
  /** Where data go: an URL without secrets, a path. */
  readonly target: string;
  /** What someone who runs it should know, such as that senders are answered early. */
  readonly notes: readonly string[];
}

/** What a processor plugin is given; it makes a stage, and each pipeline has its own. */
export interface ProcessorContext extends ComponentContext {
  /** The pipeline that the stage is for. */
  readonly pipeline: string;
  /** How many exporters stand behind it. */
  readonly destinations: number;
  /** How long its `close` may wait before it hurries those behind it. */
  readonly closeGraceMs: number;
}

/** An extension that runs beside the pipelines. */
export interface Extension {
  /** Where it listens, for the start-up lines. */
  readonly address?: string;
  /** What other components may have of it. */
  readonly offers?: Partial<Offers>;
  close(): Promise<void>;
}
