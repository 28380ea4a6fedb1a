// A relay as a process in front of a destination that takes less than what comes. What is asserted is that nothing
// acknowledged is lost, that refusals are kind, and whom they meet; the long test looks at figures.
import { describe, expect, it } from "vitest";
import { noisyTenant, twiceTheLoad } from "./overload/scenarios.ts";

// At the same time, since both wait for most of theirs.
describe.concurrent("a relay under more load than its destination takes", () => {
  it("refuses what is too much, says when to come back, and loses nothing that it has acknowledged", async () => {
    const { refusals } = await twiceTheLoad({ seconds: 3, seed: 1, patienceSeconds: 1 });
    expect(refusals).toBeGreaterThan(0);
  });

  it("refuses the tenant alone that sends more than its share", async () => {
    const { noisyRefusals } = await noisyTenant(10, { seconds: 1, seed: 100, serviceMs: 200 });
    expect(noisyRefusals).toBeGreaterThan(0);
  });
});
