/** Something that may be replaced while it is in use: certificates that are renewed, for instance. */
export interface Live<T> {
  /** As it is now. */
  readonly current: T;
  /** Calls `changed` after each change, until what it returns is called. */
  onChange(changed: () => void): () => void;
}

/** Whether this is something that may be replaced, or the thing itself. */
export function isLive<T extends object>(value: T | Live<T>): value is Live<T> {
  return "onChange" in value && typeof value.onChange === "function";
}
