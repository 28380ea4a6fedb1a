import { fakeClock } from "@otlpkit/testkit";
import { fakeVault } from "@otlpkit/testkit/node";
import { describe } from "vitest";
import { vaultCases } from "../../../test/vault-cases.ts";

describe("vault, before a Vault in memory", () => {
  vaultCases(async () => {
    const clock = fakeClock();
    const fake = await fakeVault({ now: () => 1_800_000_000_000 + clock.now() });
    return {
      url: fake.url,
      rootToken: fake.rootToken,
      clock: { now: () => clock.now(), setTimer: (run, delayMs) => clock.setTimer(run, delayMs) },
      pass: async (ms) => {
        // In steps, so that what a timer begins over the network can end before the next.
        for (let left = ms; left > 0; left -= 100) {
          await clock.advance(Math.min(100, left));
          await new Promise((resolve) => setTimeout(resolve, 3));
        }
      },
      close: () => fake.close(),
    };
  });
});
