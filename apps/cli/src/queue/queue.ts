import { ExportError } from "@otlpkit/core";
import type { Terminal } from "../terminal.ts";
import { exportLines } from "./export.ts";
import { list } from "./list.ts";
import { peek } from "./peek.ts";
import { replay } from "./replay.ts";
import { verify } from "./verify.ts";
import { type Words, words } from "./words.ts";
import { doWork, work } from "./work.ts";

export const queueHelp = `Looks into a durable queue and works on it.

usage: otlp queue ACTION FOLDER [OPTION...]

on any queue, in use or not, without changing it:
  list                     what waits, by tenant and signal; segments, ages and keys
  peek                     records with what is in them, decoded (--limit 10)
  export                   OTLP/JSON on standard output, one request a line
  verify                   reads everything; exits with 1 and names the place when something is damaged
  replay --to ENDPOINT     sends what waits; with --remove (stopped queues only) takes out what was accepted

on one that no process has open:
  repair                   sets damaged pieces aside and gives back the space of what was delivered
  rotate                   puts every segment under the first of the keys; nothing is written anew but the headers
  remove --record N        takes records out
  forget --consumer NAME   keeps nothing any more for a consumer that no longer exists

      --dead-letters       the batches that a destination refused for good, in place of the queue
      --consumer NAME      whose view of it (default: the only one); --all shows what was delivered as well
      --signal NAME, --tenant NAME, --record N, --limit N     these only
      --queue-key ID=SOURCE, --queue-passphrase ID=SOURCE     keys of an encrypted queue, the current one first;
                           SOURCE is file:PATH or env:NAME
      --json               results as JSON

replay takes the options that send takes: --protocol, --header, --compression, --timeout, --ca, --cert, --key.

examples: otlp queue list /var/lib/otlpkit/queue
          otlp queue replay /var/lib/otlpkit/queue --dead-letters --to http://collector:4317 --remove`;

const looks: Readonly<
  Record<
    string,
    (words: Words, terminal: Terminal, env: NodeJS.ProcessEnv, stop: AbortSignal | undefined) => Promise<number>
  >
> = { list, peek, export: exportLines, verify, replay };

/** `otlp queue`. Resolves with the exit code: 1 when something is damaged, unreadable or not delivered, or in use. */
export async function queue(
  argv: readonly string[],
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
  stop?: AbortSignal,
): Promise<number> {
  const said = await words(argv, env, [...Object.keys(looks), ...Object.keys(work)]);
  try {
    return await (looks[said.action] ?? doWork)(said, terminal, env, stop);
  } catch (error) {
    if (!ExportError.is(error)) throw error;
    terminal.note(error.message);
    return 1;
  }
}
