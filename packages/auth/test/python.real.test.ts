import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { encryption, keyRing, passphraseKey, rawKey, secret } from "../src/encryption/index.ts";

const script = fileURLToPath(new URL("encrypted_file.py", import.meta.url));

/** Whether this machine has Python with `cryptography`; asked for by name, a machine without it is a failure. */
const version = spawnSync("python3", ["-c", "import cryptography; print(cryptography.__version__)"], {
  encoding: "utf8",
});
const missing = version.status !== 0;
console.log(
  missing ? "not met: Python has no cryptography (pip install cryptography)" : `cryptography ${version.stdout.trim()}`,
);
if (missing && process.env["OTLPKIT_REAL"] === "all")
  throw new Error("OTLPKIT_REAL=all, and Python has no cryptography");

interface Answer {
  readonly header: string;
  readonly records: readonly { index: number; clear: string; plain: string; sealed: string }[];
}

function python(task: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = execFile("python3", [script], (error, stdout, stderr) => {
      if (error) reject(new Error(stderr));
      else resolve(JSON.parse(stdout) as Answer);
    });
    child.stdin?.end(JSON.stringify(task));
  });
}

const raw = randomBytes(32);
const phrase = "Ångström, seven times over";
const keys = [
  { current: rawKey("r", secret(raw)), theirs: { id: "r", raw: raw.toString("hex") } },
  { current: passphraseKey("p", secret(phrase)), theirs: { id: "p", passphrase: phrase, iterations: 600_000 } },
];
const records = [0, 1, 7, 2 ** 40].map((index) => ({
  index,
  clear: randomBytes(index % 5).toString("hex"),
  plain: randomBytes(1_000 * (index % 8)).toString("hex"),
}));

describe.skipIf(missing).each(keys)("Python's cryptography and the key $current.id", ({ current, theirs }) => {
  const box = encryption({ keys: keyRing({ current }) });
  const context = "shop/Łódź/000001.log";

  it("reads what we write", async () => {
    const file = await box.create(context);
    const sealed = records.map(({ index, clear, plain }) => ({
      index,
      clear,
      sealed: Buffer.concat(file.seal(index, [Buffer.from(plain, "hex")], Buffer.from(clear, "hex"))).toString("hex"),
    }));
    const header = Buffer.from(file.header).toString("hex");
    const read = await python({ do: "read", key: theirs, context, header, records: sealed });
    expect(read.records).toEqual(records.map(({ index, plain }) => ({ index, plain })));
  });

  it("writes what we read", async () => {
    const written = await python({ do: "write", key: theirs, context, records });
    const file = await box.open(Buffer.from(written.header, "hex"), context);
    for (const [at, { index, clear, sealed }] of written.records.entries()) {
      const plain = file.open(index, Buffer.from(sealed, "hex"), Buffer.from(clear, "hex"));
      expect(Buffer.from(plain).toString("hex")).toBe(records[at]?.plain);
    }
  });
});
