/** What a command talks to: two streams and, where a person watches, a line that can be rewritten. */
export interface Terminal {
  /** A line of the result. */
  print(line?: string): void;
  /** A line about the work, kept out of the result. */
  note(line: string): void;
  /** Shows `line` in place of the last progress line; nothing where nobody watches. "" takes it away. */
  progress(line: string): void;
  /** Whether a person watches. */
  readonly watched: boolean;
}

/** The terminal of this process: results on stdout; notes and progress on stderr. */
export function processTerminal(): Terminal {
  const watched = process.stderr.isTTY;
  let shown = false;
  const clear = (): void => {
    if (shown) process.stderr.write("\r\u001b[K");
    shown = false;
  };
  return {
    watched,
    print(line = "") {
      clear();
      process.stdout.write(`${line}\n`);
    },
    note(line) {
      clear();
      process.stderr.write(`${line}\n`);
    },
    progress(line) {
      if (!watched) return;
      clear();
      const width = process.stderr.columns ?? 80;
      process.stderr.write(line.length > width ? line.slice(0, width) : line);
      shown = line !== "";
    },
  };
}

/** "1,234,567" */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** "3 spans", "1 request" */
export function counted(count: number, plural: string): string {
  const word = count === 1 ? plural.replace(/s$/, "") : plural;
  return `${grouped(count)} ${word}`;
}
