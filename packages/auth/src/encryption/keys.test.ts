import { ExportError } from "@otlpkit/core";
import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { encryption, keyIdOf, keyRing, passphraseKey, rawKey, secret } from "./index.ts";

const bound = new Uint8Array([1, 2, 3]);

describe("rawKey", () => {
  const key = randomBytes(32);
  const dataKey = randomBytes(32);

  it("takes 32 bytes as they are, in hexadecimal and in Base64, and means the same key", async () => {
    const wrapped = await rawKey("k", secret(key)).wrap(dataKey, bound);
    const ways = [
      key,
      key.toString("hex"),
      key.toString("hex").toUpperCase(),
      key.toString("base64"),
      `${key.toString("base64")}\n`,
      key.toString("base64url"),
    ];
    for (const way of ways) {
      const unwrapped = await rawKey("k", secret(way)).unwrap(wrapped, bound);
      expect(Buffer.from(unwrapped).equals(dataKey)).toBe(true);
    }
  });

  it("refuses what is not 32 bytes, and does not show it", () => {
    const wrong = [
      "",
      "hunter2",
      key.toString("hex").slice(2),
      key.toString("base64").slice(4),
      `${key.toString("hex")}00`,
    ];
    for (const value of [...wrong, key.subarray(1), Buffer.concat([key, key])]) {
      const text = String(value);
      expect(() => rawKey("k", secret(value))).toThrow(/the key "k" is not usable: it has to be 32 bytes/);
      try {
        rawKey("k", secret(value));
      } catch (error) {
        if (text !== "") expect(inspect(error)).not.toContain(text);
      }
    }
  });

  it("refuses ids that do not fit into a header or a message", () => {
    for (const id of ["", "a b", "a/b", "ä", "x".repeat(65), "a\nb"]) {
      expect(() => rawKey(id, secret(key)), id).toThrow(/the id of a key is not usable/);
    }
  });

  it("shows nothing of itself", () => {
    const shown = inspect(rawKey("k", secret(Buffer.alloc(32, "q"))), { depth: 9, showHidden: true });
    expect(shown).not.toMatch(/qqqq|71717|71, ?71|71 71|113, ?113/);
  });
});

describe("passphraseKey", () => {
  const passphrase = secret("correct horse battery staple");

  it("writes algorithm, iterations and a random salt into the header, and opens with them later", async () => {
    const first = encryption({ keys: keyRing({ current: passphraseKey("by-heart", passphrase) }) });
    const dearer = passphraseKey("by-heart", passphrase, { iterations: 600_001 });
    const second = encryption({ keys: keyRing({ current: dearer }) });
    const one = await first.create("a");
    const two = await second.create("a");
    const at = one.header.length - 68 - 22;
    const parameters = (header: Uint8Array): Buffer => Buffer.from(header.subarray(at, at + 6));
    expect(parameters(one.header)).toEqual(Buffer.from([2, 1, 0, 9, 0x27, 0xc0]));
    expect(parameters(two.header)).toEqual(Buffer.from([2, 1, 0, 9, 0x27, 0xc1]));
    expect(one.header.subarray(at + 6, at + 22)).not.toEqual(two.header.subarray(at + 6, at + 22));
    const sealed = Buffer.concat(one.seal(0, [Buffer.from("kept")]));
    expect(Buffer.from((await second.open(one.header, "a")).open(0, sealed)).toString()).toBe("kept");
  });

  it("is derived once for all files of a process", async () => {
    const box = encryption({ keys: keyRing({ current: passphraseKey("p", passphrase) }) });
    const headers = await Promise.all([box.create("a"), box.create("b"), box.create("c")]);
    const salts = new Set(headers.map(({ header }) => Buffer.from(header.subarray(-84, -68)).toString("hex")));
    expect(salts.size).toBe(1);
  });

  it("says so when the passphrase is another one", async () => {
    const { header } = await encryption({ keys: keyRing({ current: passphraseKey("p", passphrase) }) }).create("a");
    const other = encryption({ keys: keyRing({ current: passphraseKey("p", secret("another passphrase")) }) });
    await expect(other.open(header, "a")).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining('given here as "p" is another than the one that was used') as string,
    });
  });

  it("does not go round as often as a forged header says, nor as seldom", async () => {
    const box = encryption({ keys: keyRing({ current: passphraseKey("p", passphrase) }) });
    const { header } = await box.create("a");
    const at = header.length - 68 - 16 - 4;
    for (const iterations of [0, 1, 599_999, 10_000_001, 0xffff_ffff]) {
      const forged = Buffer.from(header);
      forged.writeUInt32BE(iterations, at);
      await expect(box.open(forged, "a")).rejects.toMatchObject({
        code: "forbidden",
        message: expect.stringContaining(`asks for ${iterations} iterations`) as string,
      });
    }
  });

  it("refuses short passphrases and few iterations", () => {
    expect(() => passphraseKey("p", secret("short"))).toThrow(/shorter than 12 characters/);
    for (const iterations of [599_999, 0, -1, 600_000.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => passphraseKey("p", passphrase, { iterations })).toThrow(/iterations has to be a whole number/);
    }
    expect(() => passphraseKey("p", passphrase, { maxIterations: 600_000, iterations: 700_000 })).toThrow(ExportError);
  });

  it("is told from 32 bytes of the same name", async () => {
    const raw = rawKey("k", secret(Buffer.alloc(32, 1)));
    const derived = passphraseKey("k", passphrase);
    const byRaw = await encryption({ keys: keyRing({ current: raw }) }).create("a");
    const byPassphrase = await encryption({ keys: keyRing({ current: derived }) }).create("a");
    expect(keyIdOf(byPassphrase.header)).toBe("k");
    await expect(encryption({ keys: keyRing({ current: derived }) }).open(byRaw.header, "a")).rejects.toThrow(
      /given here as a passphrase, and another kind of key wrapped it/,
    );
    await expect(encryption({ keys: keyRing({ current: raw }) }).open(byPassphrase.header, "a")).rejects.toThrow(
      /given here as 32 bytes, and another kind of key wrapped it/,
    );
  });
});
