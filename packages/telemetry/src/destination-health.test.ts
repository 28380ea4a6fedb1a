import { accepted, ExportError, protobufBatch } from "@otlpkit/core";
import { fakeClock, recordingSender } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { destinationHealth, health } from "./index.ts";

const batch = protobufBatch("traces", new Uint8Array(3), 1);
const gone = new ExportError("unavailable", "cannot reach it");

function watched() {
  const clock = fakeClock();
  const parts = health();
  const end = recordingSender();
  const destination = destinationHealth(parts.component("exporter:otlp"), { now: () => clock.now() });
  const sender = destination.attempts(end);
  const send = async (times = 1): Promise<void> => {
    for (let n = 0; n < times; n++) await sender.send(batch, {}).catch(() => undefined);
  };
  return { clock, destination, end, send, part: () => parts.report().components["exporter:otlp"]! };
}

describe("destinationHealth", () => {
  it("is degraded when attempts keep failing, and ready at the first that succeeds", async () => {
    const { clock, end, send, part } = watched();
    expect(part().state).toBe("ready");
    end.script(gone);
    await send(5);
    expect(part().state).toBe("ready");
    await clock.advance(2_000);
    await send();
    expect(part()).toMatchObject({
      state: "degraded",
      reason: "6 attempts in a row failed, the last one so: cannot reach it",
    });
    end.script(accepted);
    await send();
    expect(part().state).toBe("ready");
    end.script(gone);
    await clock.advance(10_000);
    await send(2);
    expect(part().state).toBe("ready");
  });

  it("does not blame a destination for what is wrong with the data or for callers who give up", async () => {
    const { clock, end, send, part } = watched();
    for (const code of ["invalid", "too-large", "cancelled", "closed"] as const) {
      end.script(new ExportError(code, "no"));
      await send(5);
      await clock.advance(5_000);
    }
    expect(part().state).toBe("ready");
    end.script(new ExportError("unauthenticated", "the token is not accepted"));
    await send(3);
    await clock.advance(2_000);
    await send();
    expect(part().state).toBe("degraded");
  });

  it("says all that is wrong, until nothing is", () => {
    const { destination, part } = watched();
    destination.trouble("breaker", "the breaker of http://a is open");
    destination.queue({ size: 90, capacity: 100 });
    expect(part().reason).toBe("the breaker of http://a is open; its queue is 90 % full");
    destination.trouble("breaker", undefined);
    expect(part()).toMatchObject({ state: "degraded", reason: "its queue is 90 % full" });
    destination.queue({ size: 70, capacity: 100 });
    expect(part().state).toBe("ready");
  });

  it("calls a queue troubled whose oldest item gets older and older, and not one that is being emptied", () => {
    const { destination, part } = watched();
    const queue = (oldestAgeMs: number): void => destination.queue({ size: 1, capacity: 100, oldestAgeMs });
    queue(60_000);
    expect(part().state).toBe("ready");
    queue(61_000);
    expect(part().reason).toBe("its queue does not get shorter; the oldest item waits for 61 s");
    queue(60_500);
    expect(part().state).toBe("ready");
  });
});
