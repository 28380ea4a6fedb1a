import type { Flaw } from "@otlpkit/queue";
import { counted, type Terminal } from "../terminal.ts";
import { inspectionOf } from "./selection.ts";
import type { Words } from "./words.ts";

/** `otlp queue verify`: reads everything and names each place that is not as it was written. */
export async function verify(words: Words, terminal: Terminal): Promise<number> {
  const look = inspectionOf(words);
  const flaws: Flaw[] = [];
  for (const part of words.deadLetters ? [look] : [look, look.deadLetters()]) {
    for await (const flaw of part.verify()) {
      flaws.push(flaw);
      if (!words.json) terminal.print(lineOf(flaw));
    }
  }
  const segments = await look.segments();
  const records = segments.reduce((sum, { batches }) => sum + batches, 0);
  if (words.json) terminal.print(JSON.stringify({ ok: flaws.length === 0, segments: segments.length, records, flaws }));
  else if (flaws.length === 0) {
    terminal.print(
      `${counted(records, "records")} in ${counted(segments.length, "segments")}: all as they were written`,
    );
  } else {
    const locked = flaws.filter((flaw) => flaw.locked).length;
    const damaged = flaws.length - locked;
    if (damaged > 0) {
      terminal.print(`${counted(damaged, "places")} damaged; otlp queue repair sets them aside and keeps the rest`);
    }
    if (locked > 0) {
      terminal.print(
        `${counted(locked, "segments")} could not be looked at; give their keys with --queue-key ID=SOURCE`,
      );
    }
  }
  return flaws.length === 0 ? 0 : 1;
}

function lineOf({ segment, offset, bytes, sequence, problem, locked }: Flaw): string {
  if (locked) return problem;
  const record = sequence === undefined ? "" : ` (record ${sequence})`;
  return `${segment}, byte ${offset}, ${counted(bytes, "bytes")}${record}: ${problem}`;
}
