import { createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Head, type Verification, verifyAudit } from "@otlpkit/audit";
import { counted, grouped, type Terminal } from "../terminal.ts";
import { UsageError } from "../usage-error.ts";

export const auditHelp = `Checks an audit log: whether its records are the ones that were written.

usage: otlp audit verify FOLDER [OPTION...]

      --public-key FILE    the Ed25519 key (PEM) whose owner signed the checkpoints
      --hmac-key-file FILE the key of the hashes, where the log was kept with one
      --expect SEQ:HASH    a checkpoint that was kept elsewhere; shows whether the end was cut off
      --json               the result as one line of JSON

Exits with 0 when all is as it was written, with 1 and the first place that is not otherwise.

example: otlp audit verify /var/lib/otlpkit/audit --public-key audit.pub`;

/** `otlp audit verify`. */
export async function audit(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      "public-key": { type: "string" },
      "hmac-key-file": { type: "string" },
      expect: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [command, folder, ...more] = positionals;
  if (command !== "verify") throw new UsageError("say what to do: otlp audit verify FOLDER");
  if (folder === undefined || more.length > 0) throw new UsageError("say which folder, and only one");
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new UsageError(`there is no folder ${folder}`);

  const verification = await verifyAudit({
    folder,
    ...(values["public-key"] === undefined ? {} : { publicKey: publicKeyIn(values["public-key"]) }),
    ...(values["hmac-key-file"] === undefined ? {} : { hmacKey: contents(values["hmac-key-file"]) }),
    ...(values.expect === undefined ? {} : { expected: headOf(values.expect) }),
  });
  if (values.json === true) terminal.print(JSON.stringify(verification));
  else say(verification, values["public-key"] !== undefined, terminal);
  return verification.problem === undefined && verification.files > 0 ? 0 : 1;
}

function say(found: Verification, signed: boolean, terminal: Terminal): void {
  const { files, records, checkpoints, unsigned, head, lostRecords, problem } = found;
  if (files === 0) return terminal.note("there is no audit log in this folder");
  const good = `${counted(records, "records")} in ${counted(files, "files")}, up to record ${grouped(head.seq)}`;
  if (problem === undefined) {
    terminal.print(`${good}: all as they were written${signed ? `; ${counted(checkpoints, "signatures")} good` : ""}`);
    if (signed && unsigned > 0) terminal.print(`not signed yet: the last ${counted(unsigned, "records")}`);
    terminal.print(`head      ${head.seq}:${head.hash}`);
  } else {
    const { file, line, message } = problem;
    terminal.print(`NOT AS IT WAS WRITTEN  ${file}${line > 0 ? `:${line}` : ""}`);
    terminal.print(`record ${grouped(problem.seq)}: ${message}`);
    terminal.print(`before it: ${good}, all as they were written`);
  }
  if (lostRecords > 0)
    terminal.print(`the log itself says that ${counted(lostRecords, "records")} were lost for want of room`);
}

function publicKeyIn(file: string): KeyObject {
  const pem = contents(file);
  try {
    return createPublicKey(pem);
  } catch {
    throw new UsageError(`--public-key: ${file} holds no key in PEM; make one with: openssl pkey -in KEY -pubout`);
  }
}

function contents(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`cannot read ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}

function headOf(text: string): Head {
  const [, seq = "", hash = ""] = /^(\d+):([0-9a-f]{64})$/u.exec(text) ?? [];
  if (hash === "") throw new UsageError("--expect takes SEQ:HASH, the number of a record and 64 hex digits");
  return { seq: Number(seq), hash };
}
