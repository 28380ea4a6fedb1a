import { describe, expect, it } from "vitest";
import { fakeClock } from "./index.ts";

describe("fakeClock", () => {
  it("stands still until it is told to go on", async () => {
    const clock = fakeClock(100);
    const ran: number[] = [];
    clock.setTimer(() => ran.push(clock.now()), 50);
    expect([clock.now(), clock.pending, ran]).toEqual([100, 1, []]);
    await clock.advance(49);
    expect(ran).toEqual([]);
    await clock.advance(1);
    expect([clock.now(), clock.pending, ran]).toEqual([150, 0, [150]]);
  });

  it("runs timers in the order in which they fall due, those set meanwhile too", async () => {
    const clock = fakeClock();
    const ran: string[] = [];
    clock.setTimer(() => ran.push(`late at ${clock.now()}`), 30);
    clock.setTimer(() => {
      ran.push(`early at ${clock.now()}`);
      clock.setTimer(() => ran.push(`between at ${clock.now()}`), 10);
    }, 10);
    await clock.advance(100);
    expect(ran).toEqual(["early at 10", "between at 20", "late at 30"]);
  });

  it("lets loops go round that sleep", async () => {
    const clock = fakeClock();
    let rounds = 0;
    const loop = (async () => {
      while (clock.now() < 50) {
        await clock.sleep(10);
        rounds++;
      }
    })();
    await clock.advance(50);
    await loop;
    expect(rounds).toBe(5);
  });

  it("forgets a timer that is cancelled and wakes who is aborted", async () => {
    const clock = fakeClock();
    const cancel = clock.setTimer(() => expect.unreachable(), 10);
    cancel();
    const controller = new AbortController();
    const slept = clock.sleep(1000, controller.signal);
    controller.abort();
    await slept;
    await clock.advance(10);
    expect(clock.pending).toBe(0);
  });
});
