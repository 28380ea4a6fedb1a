import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FileSystem, nodeFileSystem } from "./file-system.ts";
import { lengthPrefixed, lines } from "./framing.ts";
import { type MessageFile, messageFile, type MessageFileOptions } from "./message-file.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const framed = (text: string): Buffer => Buffer.concat(lengthPrefixed.frame(bytes(text)));

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "otlpkit-file-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

interface Opened {
  readonly file: MessageFile;
  readonly at: string;
  readonly path: string;
  readonly mended: string[];
  readonly content: () => string;
  readonly names: () => string[];
}

function opened(options: Partial<MessageFileOptions> & { before?: string | Uint8Array } = {}): Opened {
  const at = folder();
  const path = join(at, "traces.jsonl");
  if (options.before !== undefined) writeFileSync(path, options.before);
  const mended: string[] = [];
  const file = messageFile({
    path,
    framing: lines,
    rotation: { maxBytes: 0, maxAgeMs: 0, maxBackups: 0, localTime: false },
    truncate: false,
    fs: nodeFileSystem,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    onMended: (what) => void mended.push(what),
    ...options,
  });
  onTestFinished(() => file.close());
  return { at, content: () => readFileSync(path, "utf8"), file, mended, names: () => readdirSync(at).toSorted(), path };
}

/** A disk whose writes can be counted and made to fail. */
function disk(onWrite: (length: number) => number) {
  const writes: number[] = [];
  const fs: FileSystem = {
    ...nodeFileSystem,
    async open(path, flags) {
      const real = await nodeFileSystem.open(path, flags);
      return {
        read: (...read) => real.read(...read),
        truncate: (length) => real.truncate(length),
        stat: () => real.stat(),
        close: () => real.close(),
        async writev(pieces) {
          const all = Buffer.concat(pieces);
          writes.push(all.length);
          return real.writev([all.subarray(0, onWrite(all.length))]);
        },
      };
    },
  };
  return { fs, writes };
}

const failing = (code: string): never => {
  throw Object.assign(new Error(code), { code });
};

describe("messageFile", () => {
  it("appends one line a message", async () => {
    const { content, file } = opened({ before: "old\n" });
    await file.append(bytes("one"));
    await file.append(bytes("two"));
    expect(content()).toBe("old\none\ntwo\n");
  });

  it("puts what waits into one write, always whole lines", async () => {
    const { fs, writes } = disk((length) => length);
    const { content, file } = opened({ fs });
    await Promise.all(Array.from({ length: 100 }, (_, n) => file.append(bytes(`line ${n}`))));
    expect(content().split("\n")).toHaveLength(101);
    // The first goes at once; the other 99 wait for it and go together.
    expect(writes).toHaveLength(2);
  });

  it("goes on when the disk takes only a part at a time", async () => {
    const { fs } = disk((length) => Math.min(3, length));
    const { content, file } = opened({ fs });
    await file.append(bytes("a longer line"));
    expect(content()).toBe("a longer line\n");
  });

  it("ends a line that a crash cut short, so that the next is whole (L-08)", async () => {
    const { content, file, mended } = opened({ before: 'whole\n{"cut' });
    await file.append(bytes("next"));
    expect(content()).toBe('whole\n{"cut\nnext\n');
    expect(mended).toHaveLength(1);
  });

  it("cuts off a length-prefixed message that a crash left incomplete", async () => {
    const whole = framed("whole");
    const torn = framed("torn").subarray(0, 6);
    const { file, mended, path } = opened({ framing: lengthPrefixed, before: Buffer.concat([whole, torn]) });
    await file.append(bytes("next"));
    expect(readFileSync(path)).toEqual(Buffer.concat([whole, framed("next")]));
    expect(mended).toHaveLength(1);
  });

  it.each(["ENOSPC", "EIO"])("refuses with %s, leaves no half line, and goes on when the disk does", async (code) => {
    let broken = true;
    const { fs } = disk((length) => (broken && length > 4 ? failing(code) : length));
    const { content, file } = opened({ fs });
    await file.append(bytes("one"));
    await expect(file.append(bytes("much too long"))).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
      retryAfterMs: 1000,
      message: expect.stringContaining(code) as string,
    });
    await file.append(bytes("two"));
    broken = false;
    await file.append(bytes("much too long"));
    expect(content()).toBe("one\ntwo\nmuch too long\n");
  });

  it("cuts a half-written line back when the disk fills up in its middle", async () => {
    let room = 6;
    const { fs } = disk((length) => {
      const taken = Math.min(room, length);
      room -= taken;
      return taken > 0 ? taken : failing("ENOSPC");
    });
    const { content, file } = opened({ fs });
    await file.append(bytes("one"));
    await expect(file.append(bytes("two and more"))).rejects.toMatchObject({ code: "unavailable" });
    expect(content()).toBe("one\n");
    room = 100;
    await file.append(bytes("two and more"));
    expect(content()).toBe("one\ntwo and more\n");
  });

  it("tells a sender when the file cannot even be opened", async () => {
    const { file } = opened({ fs: { ...nodeFileSystem, open: () => failing("EACCES") } });
    await expect(file.append(bytes("x"))).rejects.toMatchObject({ code: "unavailable" });
  });

  it("sets a file aside before it would become too large, at the end of a line", async () => {
    const rotation = { maxBytes: 10, maxAgeMs: 0, maxBackups: 0, localTime: false };
    const { at, content, file, names } = opened({ rotation });
    for (const line of ["1234", "5678", "90"]) await file.append(bytes(line));
    expect(names()).toEqual(["traces-2026-01-02T03-04-05.678.jsonl", "traces.jsonl"]);
    expect(readFileSync(join(at, names()[0]!), "utf8")).toBe("1234\n5678\n");
    expect(content()).toBe("90\n");
  });

  it("keeps the newest backups, and gives each a name of its own", async () => {
    const rotation = { maxBytes: 5, maxAgeMs: 0, maxBackups: 2, localTime: false };
    const { at, file, names } = opened({ rotation });
    for (const line of ["a", "b", "c", "d", "e"]) await file.append(bytes(`${line}${line}${line}`));
    const [older, newer, current] = names();
    expect(names()).toHaveLength(3);
    expect([older, newer, current].map((name) => readFileSync(join(at, name!), "utf8"))).toEqual([
      "ccc\n",
      "ddd\n",
      "eee\n",
    ]);
  });

  it("deletes backups that are too old, and nothing else", async () => {
    const rotation = { maxBytes: 5, maxAgeMs: 86_400_000, maxBackups: 0, localTime: false };
    const { at, file, names } = opened({ rotation });
    for (const name of [
      "traces-2026-01-01T03-04-05.677.jsonl",
      "traces-2026-01-01T03-04-05.679.jsonl",
      "traces-notes.jsonl",
    ]) {
      writeFileSync(join(at, name), "");
    }
    for (const line of ["aaa", "bbb"]) await file.append(bytes(line));
    expect(names()).toEqual([
      "traces-2026-01-01T03-04-05.679.jsonl",
      "traces-2026-01-02T03-04-05.678.jsonl",
      "traces-notes.jsonl",
      "traces.jsonl",
    ]);
  });

  it("empties the file first when it should not append, and only once", async () => {
    const { content, file } = opened({ before: "old\n", truncate: true });
    await file.append(bytes("new"));
    await file.append(bytes("newer"));
    expect(content()).toBe("new\nnewer\n");
  });

  it("writes what waits before it closes", async () => {
    const { content, file } = opened();
    const appended = file.append(bytes("last"));
    await file.close();
    await appended;
    expect(content()).toBe("last\n");
  });
});
