/** Lets something happen only so often. */
export interface RepeatLimit {
  /** How many of its kind were left out since the last that was let through; `undefined` when this one is left out too. */
  admit(kind: string, nowMs: number): number | undefined;
}

/** Kinds remembered at most; the ones that came first are forgotten. */
const maxKinds = 1000;

/**
 * Lets each kind through `max` times in a window of `windowMs`, which starts with the first, and from then on every so
 * many-th (`every`; 0 is none).
 */
export function repeatLimit(max: number, windowMs: number, every = 0): RepeatLimit {
  const seen = new Map<string, { startMs: number; count: number; omitted: number }>();
  return {
    admit(kind, nowMs) {
      let kindSeen = seen.get(kind);
      if (kindSeen === undefined) {
        kindSeen = { startMs: nowMs, count: 0, omitted: 0 };
        seen.set(kind, kindSeen);
        if (seen.size > maxKinds) seen.delete(seen.keys().next().value!);
      }
      if (nowMs - kindSeen.startMs >= windowMs) Object.assign(kindSeen, { startMs: nowMs, count: 0 });
      kindSeen.count++;
      const over = kindSeen.count - max;
      if (over > 0 && (every === 0 || over % every !== 0)) {
        kindSeen.omitted++;
        return undefined;
      }
      const { omitted } = kindSeen;
      kindSeen.omitted = 0;
      return omitted;
    },
  };
}
