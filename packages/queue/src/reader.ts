import { crc32 } from "node:zlib";
import { type Batch, type Encryption, ExportError, type FileOpener } from "@otlpkit/core";
import type { Segment } from "./catalog.ts";
import { giveBack } from "./give-back.ts";
import type { Files, OpenFile } from "./files.ts";
import { bufferOf } from "./layout.ts";
import { openAlone, type Opened, openTogether, type Together } from "./open-sealed.ts";
import type { Refusal } from "./queue.ts";
import { decodeHead, decodePayload, type RecordHead } from "./record.ts";
import { contextOf } from "./segment-header.ts";

/** A record as it was read. */
export interface Loaded {
  readonly batch: Batch;
  readonly refusal?: Refusal;
  readonly acceptedAtMs: number;
}

/** Reads records one by one, keeping some files open. */
export interface Reader {
  /**
   * @throws ExportError "invalid" when the record is damaged; "forbidden" when its key is missing or wrong. Other errors say
   *   nothing about the record.
   */
  read(segment: Segment, sequence: number): Promise<Loaded>;
  /** Fails with "forbidden" if the segment can't be opened for want of its key. */
  unlock(segment: Segment): Promise<void>;
  /** Closes a file that will be removed. */
  release(segment: Segment): Promise<void>;
  close(): Promise<void>;
}

interface Handle {
  readonly opened: Promise<{ readonly file: OpenFile; readonly opener: FileOpener | undefined }>;
  /** Those that were opened together last: mostly the next one is among them. */
  together: Together | undefined;
  users: number;
}

const maxOpenFiles = 16;

export function reader(files: Files, folder: string, encryption: Encryption | undefined): Reader {
  const handles = new Map<number, Handle>();

  async function open(segment: Segment): Promise<{ file: OpenFile; opener: FileOpener | undefined }> {
    const opener = await openerOf(segment, encryption);
    return { file: await files.open(`${folder}/${segment.name}`, "read"), opener };
  }

  function take(segment: Segment): Handle {
    let handle = handles.get(segment.number);
    if (handle === undefined) {
      handle = { opened: open(segment), together: undefined, users: 0 };
      handle.opened.catch(() => handles.delete(segment.number));
      makeRoom();
    } else handles.delete(segment.number);
    // The last one is the one that was used last.
    handles.set(segment.number, handle);
    handle.users++;
    return handle;
  }

  function makeRoom(): void {
    for (const [number, { users }] of handles) {
      if (handles.size < maxOpenFiles) return;
      if (users === 0) void letGo(number);
    }
  }

  /** For those that come next, if it goes well. */
  function remember(handle: Handle, together: Together): Together {
    handle.together = together;
    together.opened.catch(() => {
      if (handle.together === together) handle.together = undefined;
    });
    return together;
  }

  async function letGo(number: number): Promise<void> {
    const handle = handles.get(number);
    handles.delete(number);
    try {
      await (await handle?.opened)?.file.close();
    } catch {
      // It was only read.
    }
  }

  return {
    async read(segment, sequence) {
      const entry = segment.get(sequence);
      if (entry === undefined) throw damagedRecord(segment, sequence, "it is not there");
      const handle = take(segment);
      try {
        const { file, opener } = await handle.opened;
        if (isAmong(sequence, handle.together)) return loaded(await oneOf(handle.together, sequence));
        const bytes = bufferOf(await file.read(entry.offset, entry.bytes));
        const head = decodeHead(segment.mark, bytes);
        if (head?.sequence !== sequence || bytes.length < entry.bytes) {
          throw damagedRecord(segment, sequence, "its head was changed");
        }
        if (head.encrypted !== (opener !== undefined)) {
          throw damagedRecord(segment, sequence, "its segment is another one");
        }
        if (opener === undefined) return loaded(checked(segment, head, bytes));
        if (head.sealedBefore === 0 && head.sealedAfter === 0) {
          const alone = openAlone(segment, head, bytes, opener);
          giveBack(bytes);
          return loaded(alone);
        }
        // Another reader may have begun meanwhile.
        const together = isAmong(sequence, handle.together)
          ? handle.together
          : remember(handle, openTogether(file, segment, head, opener));
        return loaded(await oneOf(together, sequence));
      } finally {
        handle.users--;
      }
    },
    async unlock(segment) {
      await openerOf(segment, encryption);
    },
    release: (segment) => letGo(segment.number),
    async close() {
      await Promise.all([...handles.keys()].map(letGo));
    },
  };
}

function checked(segment: Segment, head: RecordHead, bytes: Buffer): Opened {
  const payload = bytes.subarray(head.headBytes, head.headBytes + head.payloadBytes);
  if (crc32(payload) === head.checksum) return { head, payload };
  throw damagedRecord(segment, head.sequence, "its body was changed");
}

function isAmong(sequence: number, together: Together | undefined): together is Together {
  return together !== undefined && sequence >= together.first && sequence <= together.last;
}

async function oneOf({ first, opened }: Together, sequence: number): Promise<Opened> {
  return (await opened)[sequence - first] as Opened;
}

function loaded({ head, payload }: Opened): Loaded {
  return { ...decodePayload(head, payload), acceptedAtMs: head.acceptedAtMs };
}

/** What opens the records of a segment; undefined when it is not encrypted. */
async function openerOf(segment: Segment, encryption: Encryption | undefined): Promise<FileOpener | undefined> {
  const { key, queueId } = segment.header;
  if (key === undefined) return undefined;
  if (encryption !== undefined) return encryption.open(key.header, contextOf(queueId, segment.number));
  throw new ExportError(
    "forbidden",
    `cannot read ${segment.name}: it is encrypted with the key "${key.id}", and no encryption is configured; configure one that has this key`,
  );
}

function damagedRecord(segment: Segment, sequence: number, why: string): ExportError {
  return new ExportError("invalid", `cannot read record ${sequence} of ${segment.name}: ${why}`);
}
