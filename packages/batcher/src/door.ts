import { ExportError, type ExportErrorCode, type ExportErrorDetails } from "@otlpkit/core";
import type { Call } from "./call.ts";
import { drainRate } from "./drain-rate.ts";
import type { Settings } from "./options.ts";

/** Where batches come in: as many as the budget has room for, and what the policy makes of the rest. */
export interface Door {
  /** Lets a call in, keeps it waiting, or refuses it. */
  enter(call: Call): void;
  /** A call that has come in is held: until it is under way it may be dropped to make room. */
  hold(call: Call): void;
  /** A call is under way. */
  begun(call: Call): void;
  /** It is over with a call; gives back its bytes, if it had any. */
  leave(call: Call): void;
  /** Sends away who still waits. */
  close(error: (call: Call) => ExportError): void;
}

/** From this part of the budget on, "sample" drops. */
const sampleFrom = 0.5;
const lookEveryMs = 100;

/** `letIn` is given each call that there is room for. */
export function door(settings: Settings, letIn: (call: Call) => void): Door {
  const { budget, whenFull, random, setTimer } = settings;
  const drain = drainRate(settings.now);
  /** Who waits for room, in a line for each tenant: one that has had its share holds up nobody else. */
  const lines = new Map<string | undefined, Set<Call>>();
  /** What is not under way, the oldest first. */
  const held = new Set<Call>();
  let heldBytes = 0;
  let cancelTimer: (() => void) | undefined;

  function enter(call: Call): void {
    const bytes = sizeOf(call);
    if (bytes > budget.largestBytes) return call.refuse(noRoom(call, "too-large", "that is more than may be held"));
    // Nobody overtakes those of the same tenant who wait.
    if (!lines.has(call.batch.tenant) && !sampledOut() && reserve(call)) return letIn(call);
    if (whenFull === "block") return wait(call);
    if (whenFull === "refuse") {
      const untilRoomMs = budget.retryAfterMs(bytes, call.batch.tenant);
      const retryAfterMs = untilRoomMs > 0 ? untilRoomMs : drain.msFor(bytes);
      return call.refuse(noRoom(call, "overloaded", "send later or raise the limit", { retryAfterMs }));
    }
    if (whenFull === "drop-oldest" && budget.usedBytes - heldBytes + bytes <= budget.maxBytes) {
      for (const oldest of held) {
        // What another tenant has handed in makes no room for this one.
        if (oldest.batch.tenant !== call.batch.tenant) continue;
        oldest.leave(noRoom(oldest, "overloaded", "dropped as the oldest to make room", dropped));
        if (reserve(call)) return letIn(call);
      }
    }
    call.refuse(noRoom(call, "overloaded", "dropped", dropped));
  }

  function reserve(call: Call): boolean {
    const bytes = sizeOf(call);
    if (!budget.reserve(bytes, call.batch.tenant)) return false;
    call.bytes = bytes;
    drain.taken(bytes);
    return true;
  }

  /** The fuller, the likelier: never at half, always at full. */
  function sampledOut(): boolean {
    const over = budget.usedBytes / budget.maxBytes - sampleFrom;
    return whenFull === "sample" && over > 0 && random() < over / (1 - sampleFrom);
  }

  function wait(call: Call): void {
    const { tenant } = call.batch;
    const line = lines.get(tenant) ?? new Set();
    lines.set(tenant, line.add(call));
    call.place = {
      left() {
        leaveLine(line, call);
        call.refuse(call.gone as ExportError);
      },
    };
    admit();
  }

  /** Lets in who waits, as far as there is room. Others may share the budget and give back unseen, so it looks again. */
  function admit(): void {
    for (const line of lines.values()) {
      for (const call of line) {
        if (!reserve(call)) break;
        leaveLine(line, call);
        letIn(call);
      }
    }
    if (lines.size > 0) cancelTimer ??= setTimer(look, lookEveryMs);
    else {
      cancelTimer?.();
      cancelTimer = undefined;
    }
  }

  function leaveLine(line: Set<Call>, call: Call): void {
    line.delete(call);
    if (line.size === 0 && lines.get(call.batch.tenant) === line) lines.delete(call.batch.tenant);
  }

  function look(): void {
    cancelTimer = undefined;
    admit();
  }

  function begun(call: Call): void {
    if (held.delete(call)) heldBytes -= call.bytes;
  }

  function noRoom({ batch }: Call, code: ExportErrorCode, what: string, details?: ExportErrorDetails): ExportError {
    const { usedBytes, maxBytes } = budget;
    const bytes = `${batch.body.byteLength} bytes of ${batch.signal}`;
    return new ExportError(code, `cannot hold ${bytes}, ${usedBytes} of ${maxBytes} are in use: ${what}`, details);
  }

  return {
    enter,
    hold(call) {
      held.add(call);
      heldBytes += call.bytes;
    },
    begun,
    leave(call) {
      begun(call);
      budget.release(call.bytes, call.batch.tenant);
      drain.answered(call.bytes);
      // Also when it had none: it may have stood in the way of smaller ones.
      admit();
    },
    close(errorFor) {
      for (const line of lines.values()) for (const call of line) call.leave(errorFor(call));
    },
  };
}

const dropped: ExportErrorDetails = { retryable: false };

function sizeOf({ batch }: Call): number {
  return batch.body.byteLength;
}
