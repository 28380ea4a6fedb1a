// Minutes of what overload.test.ts does for seconds, with figures: with a queue in memory, where an answer means that the
// destination has answered, and with one on disk. OTLPKIT_LONG_SECONDS bounds each scenario.
import { describe, expect, it } from "vitest";
import { noisyTenant, sustainable, twiceTheLoad } from "./overload/scenarios.ts";

const seconds = Math.min(Number(process.env["OTLPKIT_LONG_SECONDS"] ?? 300), 300);
const seed = Number(process.env["OTLPKIT_SEED"] ?? Date.now() % 2 ** 31);
// A machine that does other things as well makes short runs uneven: then only what is far off is a failure.
const isWhole = seconds === 300;
const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB resident`;

const queues = [
  { name: "in memory", queueBytes: 0, least: 0.9, slower: 4 },
  { name: "on disk", queueBytes: 4 * 1_048_576, least: 0.95, slower: 2 },
] as const;

describe.each(queues)(
  `a relay with its queue $name, for ${seconds} s (seed ${seed})`,
  ({ name, queueBytes, least, slower }) => {
    const terms = { seed, serviceMs: 1000, queueBytes };

    it("delivers what the destination takes under twice that load", async () => {
      const best = await sustainable({ ...terms, seconds: Math.min(seconds, 30) });
      const { goodput, refusals, residentBytes } = await twiceTheLoad({ ...terms, seconds });
      const part = goodput / best;
      console.log(`${name}: ${goodput.toFixed(1)} of ${best.toFixed(1)} requests/s (${(100 * part).toFixed(1)} %)`);
      console.log(`${name}: ${refusals} refusals, each with a delay; at most ${mebibytes(residentBytes)}`);
      expect(part).toBeGreaterThan(isWhole ? least : 0.5);
    });

    it("keeps the others fast beside a tenant that sends twenty times its share", async () => {
      const figures = await noisyTenant(20, { ...terms, seconds: seconds / 2 });
      const { deliveredAlone, deliveredBeside, noisyRefusals, p99Alone, p99Beside, residentBytes } = figures;
      const shown = (alone: number, beside: number): string =>
        `${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} beside it`;
      console.log(`${name}: p99 of the others: answered ${shown(p99Alone, p99Beside)}`);
      console.log(`${name}: p99 of the others: delivered ${shown(deliveredAlone, deliveredBeside)}`);
      console.log(`${name}: ${noisyRefusals} refusals, all of the noisy one; at most ${mebibytes(residentBytes)}`);
      expect(deliveredBeside).toBeLessThan((isWhole ? slower : 10) * deliveredAlone);
    });
  },
);
