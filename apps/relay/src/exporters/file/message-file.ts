import { dirname } from "node:path";
import { ExportError } from "@otlpkit/core";
import type { FileSystem, OpenFile } from "./file-system.ts";
import type { Framing } from "./framing.ts";
import { type Rotation, rotate } from "./rotation.ts";

export interface MessageFileOptions {
  readonly path: string;
  readonly framing: Framing;
  readonly rotation: Rotation;
  /** Empties what is there at the first opening. */
  readonly truncate: boolean;
  readonly fs: FileSystem;
  readonly now: () => number;
  /** Told what had to be mended. */
  readonly onMended: (what: string) => void;
}

/** A file that messages are appended to. */
export interface MessageFile {
  /** Resolves when the message has been written; throws ExportError "unavailable" when the disk would not take it. */
  append(message: Uint8Array): Promise<void>;
  /** Writes what waits, then closes. */
  close(): Promise<void>;
}

interface Waiting {
  /** The message in its frame. */
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: ExportError) => void;
}

/** Many small messages go into one write, up to so much. */
const maxWriteBytes = 4 * 1_048_576;

/** Tell a sender to come back after so long when the disk is full. */
const retryAfterMs = 1000;

/**
 * Opens at the first message. What waits while a write is under way goes out together in the next, always whole
 * messages, so a rotation or a crash falls between two. After a failed write the file is cut back to where it was.
 */
export function messageFile(options: MessageFileOptions): MessageFile {
  const { framing, fs, path, rotation } = options;
  const waiting: Waiting[] = [];
  let file: OpenFile | undefined;
  let size = 0;
  let opened = false;
  let writing: Promise<void> | undefined;

  async function open(): Promise<OpenFile> {
    await fs.mkdir(dirname(path), { recursive: true });
    const made = await fs.open(path, options.truncate && !opened ? "w+" : "a+");
    try {
      const mended = await framing.mend(made, (await made.stat()).size);
      size = mended.size;
      if (mended.mended !== undefined) options.onMended(mended.mended);
    } catch (error) {
      await made.close();
      throw error;
    }
    opened = true;
    file = made;
    return made;
  }

  async function shut(): Promise<void> {
    const old = file;
    file = undefined;
    await old?.close();
  }

  async function writeGroup(group: readonly Waiting[]): Promise<void> {
    let pieces = group.flatMap((message) => message.pieces);
    const bytes = byteLength(pieces);
    let target = file ?? (await open());
    if (rotation.maxBytes > 0 && size > 0 && size + bytes > rotation.maxBytes) {
      await shut();
      await rotate(path, rotation, fs, options.now());
      target = await open();
    }
    try {
      while (pieces.length > 0) {
        // a disk that is nearly full takes a part
        pieces = piecesAfter(pieces, (await target.writev(pieces)).bytesWritten);
      }
      size += bytes;
    } catch (error) {
      // If this fails as well, the next opening mends what is left of a message.
      await target.truncate(size).catch(() => undefined);
      await shut().catch(() => undefined);
      throw error;
    }
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const group = takeGroup(waiting, rotation.maxBytes);
      try {
        // one write at a time keeps messages whole
        await writeGroup(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        const unavailable = cannotWrite(path, error);
        for (const { reject } of group) reject(unavailable);
      }
    }
    writing = undefined;
  }

  return {
    append(message) {
      return new Promise((resolve, reject) => {
        const pieces = framing.frame(message);
        waiting.push({ pieces, bytes: byteLength(pieces), resolve, reject });
        writing ??= drain();
      });
    },
    async close() {
      await writing;
      await shut();
    },
  };
}

/** The messages of the next write. One alone may be larger than a write or a file is meant to be. */
function takeGroup(waiting: Waiting[], maxFileBytes: number): Waiting[] {
  const limit = maxFileBytes > 0 ? Math.min(maxFileBytes, maxWriteBytes) : maxWriteBytes;
  let total = 0;
  let count = 0;
  for (const { bytes } of waiting) {
    if (count > 0 && total + bytes > limit) break;
    total += bytes;
    count++;
  }
  return waiting.splice(0, count);
}

function byteLength(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

/** What is left of the pieces when so many bytes have been written. */
function piecesAfter(pieces: readonly Uint8Array[], bytesWritten: number): Uint8Array[] {
  let skip = bytesWritten;
  let first = 0;
  for (; first < pieces.length && skip >= pieces[first]!.byteLength; first++) skip -= pieces[first]!.byteLength;
  return pieces.slice(first).map((piece, index) => (index === 0 ? piece.subarray(skip) : piece));
}

function cannotWrite(path: string, cause: unknown): ExportError {
  const { code = String(cause) } = cause as NodeJS.ErrnoException;
  const advice = code === "ENOSPC" ? "free some space, and it goes on" : "is the path right, and may we write there?";
  return new ExportError("unavailable", `cannot write ${path} (${code}); ${advice}`, { retryAfterMs, cause });
}
