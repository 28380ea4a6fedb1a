import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { folder } from "../secrets/index.ts";
import { encryption, keyIdOf, passphraseKey, secretKeyRing } from "./index.ts";

const folders: string[] = [];
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true });
});

function keyFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = mkdtempSync(join(tmpdir(), "otlpkit-keys-"));
  folders.push(path);
  put(path, files);
  return path;
}

function put(path: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, value] of Object.entries(files)) writeFileSync(join(path, name), value);
}

const november = Buffer.alloc(32, 11).toString("base64");
const december = Buffer.alloc(32, 12).toString("hex");

describe("secretKeyRing", () => {
  it("takes a new current key without a restart, and keeps the older one for what it wrapped", async () => {
    const path = keyFolder({ current: "2026-11\n", "2026-11": `${november}\n` });
    const box = encryption({ keys: secretKeyRing(folder(path)) });
    const before = await box.create("a");
    put(path, { "2026-12": december });
    put(path, { current: "2026-12" });
    expect((await box.create("b")).keyId).toBe("2026-12");
    expect((await box.open(before.header, "a")).keyId).toBe("2026-11");
    expect(keyIdOf(await box.rewrap(before.header, "a"))).toBe("2026-12");
  });

  it("takes keys that are 32 bytes as they are, a newline at the end included", async () => {
    const bytes = Buffer.alloc(32, 0xfe);
    bytes[31] = 0x0a;
    const path = keyFolder({ current: "k", k: bytes });
    expect((await encryption({ keys: secretKeyRing(folder(path)) }).create("a")).keyId).toBe("k");
  });

  it("goes on with the last keys while they are half written or gone", async () => {
    const path = keyFolder({ current: "2026-11", "2026-11": november });
    const box = encryption({ keys: secretKeyRing(folder(path)) });
    const { header } = await box.create("a");
    put(path, { current: "2027-01" });
    expect((await box.create("b")).keyId).toBe("2026-11");
    put(path, { "2027-01": "half a key" });
    expect((await box.open(header, "a")).keyId).toBe("2026-11");
    rmSync(path, { recursive: true });
    folders.length = 0;
    expect((await box.create("c")).keyId).toBe("2026-11");
  });

  it("says what is wrong when there was never a usable one", async () => {
    const path = keyFolder({ "2026-11": november });
    const box = encryption({ keys: secretKeyRing(folder(path)) });
    await expect(box.create("a")).rejects.toMatchObject({
      code: "invalid",
      message: `folder ${path} is no key ring: its entry "current" has to hold the id of one of its keys`,
    });
    put(path, { current: "2026-11", bad: "hunter2" });
    await expect(box.create("a")).rejects.toThrow(/the key "bad" is not usable/);
  });

  it("keeps a passphrase derived while others change", async () => {
    const path = keyFolder({ now: "heart", heart: "correct horse battery staple" });
    const keys = secretKeyRing(folder(path), { current: "now", key: (id, value) => passphraseKey(id, value) });
    const box = encryption({ keys });
    const salt = (header: Uint8Array): string => Buffer.from(header.subarray(-84, -68)).toString("hex");
    const one = await box.create("a");
    put(path, { mind: "another passphrase" });
    const two = await box.create("b");
    expect(salt(two.header)).toBe(salt(one.header));
  });
});
