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
  readonly framed: Uint8Array;
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
    const bytes = group.length === 1 ? group[0]!.framed : Buffer.concat(group.map(({ framed }) => framed));
    let target = file ?? (await open());
    if (rotation.maxBytes > 0 && size > 0 && size + bytes.byteLength > rotation.maxBytes) {
      await shut();
      await rotate(path, rotation, fs, options.now());
      target = await open();
    }
    try {
      for (let done = 0; done < bytes.byteLength;) {
        // a disk that is nearly full takes a part
        done += (await target.write(bytes, done, bytes.byteLength - done, null)).bytesWritten;
      }
      size += bytes.byteLength;
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
        waiting.push({ framed: framing.frame(message), resolve, reject });
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
  let bytes = 0;
  let count = 0;
  for (const { framed } of waiting) {
    if (count > 0 && bytes + framed.byteLength > limit) break;
    bytes += framed.byteLength;
    count++;
  }
  return waiting.splice(0, count);
}

function cannotWrite(path: string, cause: unknown): ExportError {
  const { code = String(cause) } = cause as NodeJS.ErrnoException;
  const advice = code === "ENOSPC" ? "free some space, and it goes on" : "is the path right, and may we write there?";
  return new ExportError("unavailable", `cannot write ${path} (${code}); ${advice}`, { retryAfterMs, cause });
}
