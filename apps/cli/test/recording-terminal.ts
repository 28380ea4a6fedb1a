import type { Terminal } from "../src/terminal.ts";

/** A terminal that keeps what it was told. */
export function recordingTerminal(): Terminal & {
  readonly out: string[];
  readonly notes: string[];
  readonly progressLines: string[];
} {
  const out: string[] = [];
  const notes: string[] = [];
  const progressLines: string[] = [];
  return {
    out,
    notes,
    progressLines,
    watched: true,
    print: (line = "") => void out.push(line),
    note: (line) => void notes.push(line),
    progress: (line) => void progressLines.push(line),
  };
}
