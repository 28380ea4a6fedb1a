// Minutes of what overload.test.ts does for seconds, with figures. OTLPKIT_LONG_SECONDS bounds each scenario.
import { expect, it } from "vitest";
import { noisyTenant, sustainable, twiceTheLoad } from "./overload/scenarios.ts";

const seconds = Math.min(Number(process.env["OTLPKIT_LONG_SECONDS"] ?? 300), 300);
const seed = Number(process.env["OTLPKIT_SEED"] ?? Date.now() % 2 ** 31);
const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB resident`;

it(`delivers what the destination takes under twice that load for ${seconds} s (seed ${seed})`, async () => {
  const best = await sustainable(Math.min(seconds, 20), seed);
  const { goodput, refusals, residentBytes } = await twiceTheLoad(seconds, seed + 1);
  const part = goodput / best;
  console.log(`${goodput.toFixed(1)} of ${best.toFixed(1)} requests/s (${(100 * part).toFixed(1)} %)`);
  console.log(`${refusals} refusals, ${mebibytes(residentBytes)}`);
  expect(part).toBeGreaterThan(0.9);
});

it(`keeps the others fast beside a tenant that sends twenty times its share for ${seconds} s (seed ${seed})`, async () => {
  const { noisyRefusals, p99Alone, p99Beside, residentBytes } = await noisyTenant(20, seconds / 2, seed);
  console.log(`p99 of the others: ${p99Alone.toFixed(1)} ms alone, ${p99Beside.toFixed(1)} ms beside it`);
  console.log(`${noisyRefusals} refusals, all of the noisy one; ${mebibytes(residentBytes)}`);
  expect(p99Beside).toBeLessThan(4 * p99Alone);
});
