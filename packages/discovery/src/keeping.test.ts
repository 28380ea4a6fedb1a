import { ExportError, type Registered, type Registration } from "@otlpkit/core";
import { type FakeClock, fakeClock } from "@otlpkit/testkit";
import { describe, expect, it } from "vitest";
import { type Keep, keeping, type KeepOptions } from "./keeping.ts";
import type { SourceState } from "./source-state.ts";

const registration: Registration = { service: "otlp", endpoint: { url: "http://a:4317", id: "a" } };
const down = new ExportError("unavailable", "down");

describe("a registration that is kept", () => {
  it("gives signs of life, up to a tenth sooner than it must", async () => {
    const { clock, steps, registered } = await kept({ random: () => 0.5 });
    await clock.advance(2_000);
    expect(steps).toEqual(["0 put", "950 beat", "1900 beat"]);
    await registered.close();
    expect(steps.slice(3)).toEqual(["2000 remove", "2000 close"]);
    expect(clock.pending).toBe(0);
  });

  it("registers again when it was forgotten, as draining if it drains", async () => {
    const { clock, steps, registered, script } = await kept();
    script.beat = async () => "forgotten";
    await clock.advance(1_000);
    await registered.drain();
    await registered.drain();
    await clock.advance(1_000);
    expect(steps).toEqual(["0 put", "1000 beat", "1000 put", "1000 drain", "2000 beat", "2000 put draining"]);
    await registered.close();
  });

  it("retreats while the source is down, says so, and says when it stands again", async () => {
    const { clock, steps, states, registered, script } = await kept({ random: () => 0.5 });
    script.beat = () => Promise.reject(down);
    await clock.advance(1_200);
    expect(steps).toEqual(["0 put", "950 beat", "1000 beat", "1100 beat"]);
    script.beat = async () => "forgotten";
    await clock.advance(200);
    expect(states).toMatchObject([
      { state: "fresh" },
      { state: "stale", sinceMs: 950, retryInMs: 50, error: down },
      { state: "stale", sinceMs: 950, retryInMs: 100 },
      { state: "stale", sinceMs: 950, retryInMs: 200 },
      { state: "fresh" },
    ]);
    await registered.close();
    expect(clock.pending).toBe(0);
  });

  it("never overtakes a step by another", async () => {
    const { clock, steps, registered, script } = await kept();
    let answer: (beat: "kept") => void = () => {};
    script.beat = () => new Promise((resolve) => (answer = resolve));
    await clock.advance(1_000);
    const draining = registered.drain();
    await clock.advance(5_000);
    expect(steps).toEqual(["0 put", "1000 beat"]);
    answer("kept");
    await draining;
    expect(steps).toEqual(["0 put", "1000 beat", "6000 drain"]);
    script.beat = async () => "kept";
    await registered.close();
  });

  it("goes away in time when it cannot be taken back", async () => {
    const { clock, steps, registered, script } = await kept({ closeTimeoutMs: 300, random: () => 0.999 });
    script.remove = () => Promise.reject(down);
    const closing = registered.close();
    await clock.advance(299);
    expect(steps).not.toContain("299 close");
    await clock.advance(1);
    await closing;
    expect(steps.at(-1)).toBe("300 close");
    expect(clock.pending).toBe(0);
  });

  it("fails at once for what will never be taken, and lets go", async () => {
    const refused = new ExportError("forbidden", "not you");
    const { steps, script, registering } = begin();
    script.put = () => Promise.reject(refused);
    await expect(registering()).rejects.toBe(refused);
    expect(steps).toEqual(["0 put", "0 close"]);
  });
});

interface Begun {
  readonly clock: FakeClock;
  /** Each with its time. */
  readonly steps: string[];
  readonly states: SourceState[];
  /** What steps come to. Default: all is well. */
  readonly script: { put?: Keep["put"]; beat?: Keep["beat"]; remove?: Keep["remove"] };
  readonly registering: () => Promise<Registered>;
}

function begin(options: KeepOptions = {}): Begun {
  const clock = fakeClock();
  const steps: string[] = [];
  const states: SourceState[] = [];
  const script: Begun["script"] = {};
  const note = (step: string): void => void steps.push(`${clock.now()} ${step}`);
  const keep: Keep = {
    beatMs: 1_000,
    async put(draining, signal) {
      note(draining ? "put draining" : "put");
      await script.put?.(draining, signal);
    },
    async beat(signal) {
      note("beat");
      return (await script.beat?.(signal)) ?? "kept";
    },
    drain: async () => note("drain"),
    async remove(signal) {
      note("remove");
      await script.remove?.(signal);
    },
    close: () => note("close"),
  };
  const settings = { random: () => 0, ...clock, onState: (state: SourceState) => states.push(state), ...options };
  const registrar = keeping("test", settings, () => keep);
  return { clock, steps, states, script, registering: () => registrar.register(registration) };
}

async function kept(options: KeepOptions = {}): Promise<Begun & { readonly registered: Registered }> {
  const begun = begin(options);
  return { ...begun, registered: await begun.registering() };
}
