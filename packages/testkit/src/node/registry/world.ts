import type { Registrar, Registry } from "@otlpkit/core";

/** What registries and registrars under test are told: short waits, and timers that are counted. Names are those of ours. */
export interface RegistryCaseSettings {
  /** The first retreat after a failure, 10. */
  readonly initialDelayMs: number;
  /** The longest one, 100. */
  readonly maxDelayMs: number;
  /** A burst is over after so long, 30. */
  readonly debounceMs: number;
  /** In place of `setTimeout`. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
  /** Told how fresh the list is. */
  readonly onState: (state: { readonly state: "fresh" | "stale" }) => void;
}

/** An instance as cases put it into a source. Its URL is `http://host:port`. */
export interface WorldEntry {
  readonly id: string;
  /** An address of 127.0.0.0/8; nobody listens there. */
  readonly host: string;
  readonly port: number;
  readonly weight?: number;
  readonly zone?: string;
  readonly draining?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A source, real or played, that cases can trouble. */
export interface SourceWorld {
  /** From now on the source cannot be reached: connections end, new ones are refused. */
  cut(): Promise<void>;
  /** From now on the source takes questions and does not answer, without closing anything. */
  stall(): Promise<void>;
  /** From now on the source answers with what makes no sense. */
  garble(): Promise<void>;
  /** All is well again. */
  restore(): Promise<void>;
  /** The process ends and starts again, with what it keeps over that. Resolves when it answers. */
  restart(): Promise<void>;
  /** Connections that it has with who asks. */
  readonly openConnections: number;
  /** Called after each case. */
  dispose(): Promise<void>;
}

/** A source that cases fill. */
export interface RegistryWorld extends SourceWorld {
  /** A registry that looks at one service of this world. Questions without an answer are given up within a second. */
  registry(settings: RegistryCaseSettings): Registry;
  /** Adds an instance of the service, or replaces the one with the same id. */
  put(entry: WorldEntry): Promise<void>;
  remove(id: string): Promise<void>;
  /** The source says that there is nobody. */
  clear(): Promise<void>;
}

/** A source that registrars fill. */
export interface RegistrarWorld extends SourceWorld {
  /** A registrar with a time to live of a few seconds at most. */
  registrar(settings: RegistryCaseSettings): Registrar;
  /** What others see of the service "otlp-case". */
  registry(settings: RegistryCaseSettings): Registry;
  /** The source loses all registrations, and tells nobody. */
  forget(): Promise<void>;
}
