import {
  type Ack,
  type Batch,
  type Endpoint,
  ExportError,
  type Sender,
  type SendOptions,
  signals,
  type Transport,
} from "@otlpkit/core";
import { candidateLists, type CandidateLists, keepingLists } from "./candidate-lists.ts";
import { keepChecking } from "./health/health-check.ts";
import type { EjectionReason } from "./health/outlier-detection.ts";
import { type Verdict, verdictOf } from "./health/verdict.ts";
import { Member } from "./member.ts";
import type { EndpointFacts } from "./route-event.ts";
import type { RouteSettings } from "./route-options.ts";

/** The endpoints that are known, how they are, and connections to them. */
export interface EndpointGroup {
  /** The registry says who there is. */
  update(endpoints: readonly Endpoint[]): void;
  /** Who may be picked now, without those that were tried. */
  candidates(tried: ReadonlySet<Member>): readonly Member[];
  /** One attempt at one endpoint. */
  attempt(member: Member, batch: Batch, options: SendOptions): Promise<Ack>;
  /** Why there is nobody to be picked. */
  nobody(batch: Batch, source: string): ExportError;
  /** How long until somebody takes something again, in ms; 0 unless all have asked to be left alone. */
  waitMs(): number;
  facts(): readonly EndpointFacts[];
  close(): Promise<void>;
}

/** Keeps one {@link Member} for each endpoint. Nothing runs by timer: what changes with time is looked at when asked. */
export function endpointGroup(transport: Transport, settings: RouteSettings): EndpointGroup {
  const { now, onEvent, outlierDetection, healthCheck, panicThreshold } = settings;
  const members = new Map<string, Member>();
  /** Connections that are still in use and go when they are no more. */
  const leaving = new Set<Promise<void>>();
  let sorted: readonly Member[] = [];
  let lists: CandidateLists = { first: [], fit: [], isPanic: false, usable: 0 };
  let keepFirst = keepingLists();
  let keepFit = keepingLists();
  let changesAtMs = Infinity;
  let isStale = true;
  let intervalEndsAtMs = now() + (outlierDetection?.intervalMs ?? Infinity);
  let isFirstList = true;

  function update(endpoints: readonly Endpoint[]): void {
    const nowMs = now();
    const named = new Map(endpoints.map((endpoint) => [endpoint.id ?? endpoint.url, endpoint] as const));
    const removed = sorted.filter(({ id }) => !named.has(id));
    for (const member of removed) {
      members.delete(member.id);
      member.isRemoved = true;
      member.stopChecking();
      if (member.inFlight === 0) leave(member.pool);
    }
    const added: string[] = [];
    for (const [id, endpoint] of named) {
      const known = members.get(id);
      if (known === undefined) {
        members.set(id, arrive(id, endpoint, nowMs));
        added.push(id);
      } else {
        const before = known.move(endpoint);
        if (before !== undefined) leave(before);
      }
    }
    sorted = [...members.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    isFirstList = false;
    // A zone may have changed, which shows in no weight.
    keepFirst = keepingLists();
    keepFit = keepingLists();
    isStale = true;
    onEvent({ kind: "endpoints", added, removed: removed.map(({ id }) => id), known: members.size });
  }

  function arrive(id: string, endpoint: Endpoint, nowMs: number): Member {
    const member = new Member(id, endpoint, transport, settings);
    // Of the first list all are new alike.
    if (!isFirstList) member.startedAtMs = nowMs;
    member.pool.warmUp();
    if (healthCheck !== undefined) {
      const onChange = (isDown: boolean, error: Error | undefined): void => {
        member.isDown = isDown;
        if (error === undefined) restored(member);
        else onEvent({ kind: "down", endpoint: id, error });
        isStale = true;
      };
      // Who proves to be well need not wait for the end of its ejection (as Envoy has it).
      const onWell = (): void => {
        if (member.outlier.ejectedUntilMs === 0) return;
        member.outlier.ejectedUntilMs = 0;
        restored(member);
        isStale = true;
      };
      member.stopChecking = keepChecking(() => member.endpoint, { ...healthCheck, ...settings, onChange, onWell });
    }
    return member;
  }

  function leave(sender: Sender): void {
    const left = sender.close().then(
      () => void leaving.delete(left),
      () => void leaving.delete(left),
    );
    leaving.add(left);
  }

  function restored(member: Member): void {
    member.startedAtMs = now();
    member.latency.forget();
    onEvent({ kind: "restored", endpoint: member.id });
  }

  function ejected(member: Member, reason: EjectionReason, nowMs: number): void {
    isStale = true;
    const forMs = member.outlier.ejectedUntilMs - nowMs;
    onEvent({ kind: "ejected", endpoint: member.id, reason, forMs });
  }

  /** What time alone has brought about. */
  function pass(nowMs: number): void {
    if (outlierDetection !== undefined && nowMs >= intervalEndsAtMs) {
      intervalEndsAtMs = nowMs + outlierDetection.intervalMs;
      const records = sorted.map(({ outlier }) => outlier);
      const reasons = outlierDetection.endInterval(records, nowMs);
      for (const member of sorted) {
        const reason = reasons.get(member.outlier);
        if (reason !== undefined) ejected(member, reason, nowMs);
      }
    }
    for (const member of sorted) {
      const { outlier } = member;
      if (outlier.ejectedUntilMs !== 0 && nowMs >= outlier.ejectedUntilMs) {
        outlier.ejectedUntilMs = 0;
        restored(member);
      }
      member.weigh(nowMs);
    }
  }

  function current(): CandidateLists {
    const nowMs = now();
    if (!isStale && nowMs < changesAtMs) return lists;
    pass(nowMs);
    const wasPanic = lists.isPanic;
    const found = candidateLists(sorted, panicThreshold, nowMs);
    lists = { ...found, first: keepFirst(found.first), fit: keepFit(found.fit) };
    isStale = false;
    changesAtMs = Math.min(intervalEndsAtMs, ...sorted.map((member) => member.changesAtMs(nowMs)));
    if (lists.isPanic !== wasPanic) {
      onEvent({ kind: "panic", isPanic: lists.isPanic, fit: lists.fit.length, known: members.size });
    }
    return lists;
  }

  function note(member: Member, verdict: Verdict, wasProbe: boolean): void {
    const nowMs = now();
    const { breaker, outlier, id } = member;
    if (breaker !== undefined) {
      const before = breaker.stateAt(nowMs);
      breaker.ended(verdict, wasProbe, nowMs);
      const after = breaker.stateAt(nowMs);
      if (before !== "closed" || after !== "closed") isStale = true;
      if (before !== after) {
        onEvent({ kind: "breaker", endpoint: id, state: after });
        if (after === "closed") restored(member);
      }
    }
    if (outlierDetection === undefined || member.isRemoved) return;
    const records = verdict === "sick" ? sorted.map((one) => one.outlier) : [];
    if (outlierDetection.note(outlier, verdict, records, nowMs)) ejected(member, "consecutive failures", nowMs);
  }

  function hold(member: Member, askedMs: number): void {
    const forMs = Math.min(askedMs, settings.maxRetryAfterMs);
    const untilMs = now() + forMs;
    if (untilMs <= member.heldUntilMs) return;
    member.heldUntilMs = untilMs;
    isStale = true;
    onEvent({ kind: "held", endpoint: member.id, forMs });
  }

  async function attempt(member: Member, batch: Batch, options: SendOptions): Promise<Ack> {
    const startedMs = now();
    const { pool } = member;
    const isProbe = member.breaker?.began(startedMs) ?? false;
    if (isProbe) isStale = true;
    member.inFlight++;
    try {
      const ack = await pool.send(batch, options);
      member.latency.observe(now() - startedMs);
      note(member, "well", isProbe);
      return ack;
    } catch (thrown) {
      const error = ExportError.from(thrown, `cannot deliver ${batch.items} ${signals[batch.signal].items}`);
      const verdict = verdictOf(error);
      if (verdict === "sick") member.latency.observeFailure(now() - startedMs);
      if (error.retryAfterMs > 0) hold(member, error.retryAfterMs);
      note(member, verdict, isProbe);
      throw error;
    } finally {
      member.inFlight--;
      if (member.isRemoved && member.inFlight === 0) leave(member.pool);
    }
  }

  function waitMs(): number {
    if (sorted.length === 0 || current().usable > 0) return 0;
    return Math.max(0, Math.min(...sorted.map(({ heldUntilMs }) => heldUntilMs)) - now());
  }

  return {
    update,
    attempt,
    waitMs,
    candidates(tried) {
      const { first, fit } = current();
      if (tried.size === 0) return first;
      const others = fit.filter((member) => !tried.has(member));
      return others.length > 0 ? others : first.filter((member) => !tried.has(member));
    },
    nobody(batch, source) {
      const attempted = `cannot deliver ${batch.items} ${signals[batch.signal].items}`;
      if (sorted.length === 0) {
        return new ExportError(
          "unavailable",
          `${attempted}: there is no endpoint; ${source} says that the list is empty, is anything registered there?`,
        );
      }
      const retryAfterMs = waitMs();
      const known = `${sorted.length} ${sorted.length === 1 ? "endpoint" : "endpoints"} of ${source}`;
      if (retryAfterMs > 0) {
        return new ExportError("overloaded", `${attempted}: all ${known} ask to wait`, { retryAfterMs });
      }
      const states = sorted.map((member) => `${member.id} ${member.stateAt(now())}`).join(", ");
      return new ExportError("unavailable", `${attempted}: none of the ${known} is fit (${states})`);
    },
    facts: () => sorted.map((member) => member.factsAt(now())),
    async close() {
      for (const member of sorted) {
        member.stopChecking();
        leave(member.pool);
      }
      while (leaving.size > 0) await Promise.all(leaving);
    },
  };
}
