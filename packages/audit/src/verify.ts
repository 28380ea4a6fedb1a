import { createPublicKey, type KeyObject } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { beginning, type ChainedRecord, hashOf, type Head, isSigned } from "./chain.ts";
import { segmentName, segments } from "./file-sink.ts";

/** Options of {@link verifyAudit}. */
export interface VerifyOptions {
  /** The folder of a file sink. */
  readonly folder: string;
  /** The Ed25519 public key (PEM) that checkpoints must be signed with. Absent: signatures are not looked at. */
  readonly publicKey?: string | KeyObject;
  /** The key, where hashes are HMACs. */
  readonly hmacKey?: Uint8Array;
  /** A head that was kept elsewhere (a checkpoint): the chain must contain it, or its end was cut off or rewritten. */
  readonly expected?: Head;
}

/** What was found. */
export interface Verification {
  readonly files: number;
  /** Records that are as they were written, from the first on. */
  readonly records: number;
  /** Checkpoints among them whose signature is good; 0 where no key was given. */
  readonly checkpoints: number;
  /** Records behind the last of those: nobody has signed them yet. All of them where no key was given. */
  readonly unsigned: number;
  /** Where the good part ends. */
  readonly head: Head;
  /** Records that the log says were lost for want of room. */
  readonly lostRecords: number;
  /** The first that is not as it should be. Absent: there is none. */
  readonly problem: AuditProblem | undefined;
}

/** A place in an audit log where something is wrong, and what. */
export interface AuditProblem {
  readonly file: string;
  /** From 1; 0: the file as a whole. */
  readonly line: number;
  /** The record that is wrong, or missing. */
  readonly seq: number;
  readonly message: string;
}

/**
 * Goes through an audit log from its oldest file and stops at the first record that is not what was written: edited,
 * removed, moved, put in, or cut off.
 *
 * A chain alone can't show that its end was cut off, nor that somebody wrote all of it anew; checkpoints kept elsewhere
 * (`expected`) and their signatures (`publicKey`) do. With `publicKey` a log without any checkpoint is a problem too, since
 * whoever writes one anew leaves them out.
 */
export async function verifyAudit(options: VerifyOptions): Promise<Verification> {
  const { folder, hmacKey, expected } = options;
  const publicKey = typeof options.publicKey === "string" ? createPublicKey(options.publicKey) : options.publicKey;
  const names = await segments(folder);
  let head: Head | undefined;
  let records = 0;
  let checkpoints = 0;
  let unsigned = 0;
  let lostRecords = 0;
  let metExpected = expected === undefined || expected.seq === 0;

  const found = (problem?: AuditProblem): Verification => ({
    files: names.length,
    records,
    checkpoints,
    unsigned,
    head: head ?? beginning,
    lostRecords,
    problem,
  });

  for (const name of names) {
    const firstSeq = Number(segmentName.exec(name)?.[1]);
    let line = 0;
    const problem = (message: string, seq = (head?.seq ?? firstSeq - 1) + 1): Verification =>
      found({ file: name, line, seq, message });
    if (head !== undefined && firstSeq !== head.seq + 1) {
      return problem(
        `begins with record ${firstSeq}, but ${head.seq + 1} is next: records or a whole file are missing`,
      );
    }
    const lines = createInterface({ input: createReadStream(join(folder, name)), crlfDelay: Infinity });
    for await (const text of lines) {
      line++;
      const record = parsed(text);
      if (record === undefined) return problem("is no audit record: the line was damaged or cut");
      if (head === undefined) {
        // Older files may have been given up on purpose: what is verified begins here.
        head = { seq: firstSeq - 1, hash: firstSeq === 1 ? beginning.hash : record.prev };
      }
      if (record.seq !== head.seq + 1) {
        return problem(
          `record ${record.seq} stands where ${head.seq + 1} is due: records were removed, added or moved`,
        );
      }
      if (hashOf(record, hmacKey) !== record.hash) {
        return problem(
          `record ${record.seq} was changed: its hash does not fit${hmacKey ? ", or this is not the key" : ""}`,
        );
      }
      if (record.prev !== head.hash) {
        return problem(`record ${record.seq} does not follow the one before: that one was changed, or this was put in`);
      }
      if (record.action === "audit.checkpoint" && publicKey !== undefined) {
        if (record.signature === undefined || !isSigned(head, record.signature, publicKey)) {
          return problem(
            `the checkpoint ${record.seq} is not signed with this key: the log was written anew by another`,
          );
        }
        checkpoints++;
        unsigned = -1;
      }
      if (record.action === "audit.gap") lostRecords += Number(record.facts?.["records"] ?? 0);
      head = { seq: record.seq, hash: record.hash };
      records++;
      unsigned++;
      if (expected !== undefined && expected.seq === head.seq) {
        if (expected.hash !== head.hash) {
          return problem(`record ${head.seq} is not the one whose hash was kept: the log was written anew`, head.seq);
        }
        metExpected = true;
      }
    }
  }
  if (!metExpected) {
    const message = `ends with record ${head?.seq ?? 0}, but record ${expected!.seq} was kept elsewhere: the end was cut off`;
    return found({ file: names.at(-1) ?? "", line: 0, seq: (head?.seq ?? 0) + 1, message });
  }
  if (publicKey !== undefined && checkpoints === 0 && records > 0) {
    const message = "nothing is signed: there is no checkpoint, so anybody may have written this";
    return found({ file: names.at(-1) ?? "", line: 0, seq: head?.seq ?? 0, message });
  }
  return found();
}

function parsed(text: string): ChainedRecord | undefined {
  try {
    const value = JSON.parse(text) as Partial<ChainedRecord> | null;
    const whole = typeof value?.seq === "number" && typeof value.hash === "string" && typeof value.prev === "string";
    return whole ? (value as ChainedRecord) : undefined;
  } catch {
    // Not JSON: the caller says where.
    return undefined;
  }
}
