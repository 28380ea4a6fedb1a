import { inspect, type InspectOptions, type RecordFacts } from "../src/index.ts";
import type { SimulatedFiles } from "./simulated-files.ts";

/** All records of the queue in /q, as they stand on disk. */
export async function recordsOf(files: SimulatedFiles, options: InspectOptions = {}): Promise<RecordFacts[]> {
  const records: RecordFacts[] = [];
  for await (const record of inspect("/q", { ...options, files: files.atEase() }).records()) records.push(record);
  return records;
}

/** Those that were sealed together with one, itself among them: what damages one damages them all. */
export function sealedWith(
  { segment, sequence, sealedBefore, sealedAfter }: RecordFacts,
  records: readonly RecordFacts[],
): RecordFacts[] {
  const [first, last] = [sequence - sealedBefore, sequence + sealedAfter];
  return records.filter((one) => one.segment === segment && one.sequence >= first && one.sequence <= last);
}
