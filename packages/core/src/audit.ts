/** One thing that happened and that somebody may have to answer for. Holds no secret, no payload, no attribute. */
export interface AuditRecord {
  /** What happened: "accepted", "delivered", "refused", "dropped", "configuration.changed", "authentication.failed". */
  readonly action: string;
  /** Whether it went well. */
  readonly outcome: "success" | "failure";
  /** Who did it: the name that authentication found, "anonymous", or the program itself. */
  readonly actor: string;
  /** What it was done to or through: a pipeline, a destination, a certificate, a key of the configuration. */
  readonly target: string;
  /** Why, in a few words; the code of an error. */
  readonly reason?: string;
  /** Further facts, from a list of allowed names. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** Takes note of what happened. */
export interface AuditHook {
  /** Must not throw, and must not slow the one who calls. */
  record(entry: AuditRecord): void;
  /** Resolves when everything recorded before is kept as safely as this hook can; rejects when it could not be. */
  flush(): Promise<void>;
  /** Flushes and lets go. Safe to call twice. */
  close(): Promise<void>;
}
