// What others computed: vectors of NIST and of RFCs for the algorithms as we call them, and whole files that Python's
// `cryptography` wrote from the description of the format (test/encrypted_file.py).
import { createCipheriv, createDecipheriv, hkdfSync, pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encryption, keyRing, passphraseKey, rawKey, secret } from "./index.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");

/** From the GCM specification (McGrew and Viega), test cases 13 to 16: AES-256, 96-bit nonce, 128-bit tag. */
const gcm = [
  {
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    plain: "",
    bound: "",
    sealed: "",
    tag: "530f8afbc74536b9a963b4f1c4cb738b",
  },
  {
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    plain: "00".repeat(16),
    bound: "",
    sealed: "cea7403d4d606b6e074ec5d3baf39d18",
    tag: "d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    plain:
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
    bound: "",
    sealed:
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
    tag: "b094dac5d93471bdec1a502270e3cc6c",
  },
  {
    key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    plain:
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    bound: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    sealed:
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
    tag: "76fc6ece0f4e1768cddf8853bb2d551b",
  },
];

/** RFC 7914, section 11. */
const pbkdf2 = [
  {
    password: "passwd",
    salt: "salt",
    iterations: 1,
    derived:
      "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
  },
  {
    password: "Password",
    salt: "NaCl",
    iterations: 80_000,
    derived:
      "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
  },
];

describe("what this runtime brings", () => {
  it.each(gcm)("AES-256-GCM: tag $tag", ({ key, nonce, plain, bound, sealed, tag }) => {
    const cipher = createCipheriv("aes-256-gcm", bytes(key), bytes(nonce), { authTagLength: 16 });
    cipher.setAAD(bytes(bound));
    expect(cipher.update(plain, "hex", "hex") + cipher.final("hex")).toBe(sealed);
    expect(cipher.getAuthTag().toString("hex")).toBe(tag);
  });

  it("takes no tag that is shorter than 16 bytes, as we call it", () => {
    const [, { key, nonce, tag } = gcm[0]!] = gcm;
    for (const length of [4, 8, 12, 13, 14, 15]) {
      const decipher = createDecipheriv("aes-256-gcm", bytes(key), bytes(nonce), { authTagLength: 16 });
      expect(() => decipher.setAuthTag(bytes(tag).subarray(0, length)), `${length} bytes`).toThrow(
        /[Ii]nvalid authentication tag/,
      );
    }
  });

  it.each(pbkdf2)("PBKDF2-HMAC-SHA256: $iterations iterations", ({ password, salt, iterations, derived }) => {
    expect(pbkdf2Sync(password, salt, iterations, 64, "sha256").toString("hex")).toBe(derived);
  });

  it("HKDF-SHA256 (RFC 5869, test case 3)", () => {
    const derived = Buffer.from(hkdfSync("sha256", bytes("0b".repeat(22)), bytes(""), bytes(""), 42));
    expect(derived.toString("hex")).toBe(
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
  });
});

interface PythonFile {
  readonly key: { readonly id: string; readonly raw?: string; readonly passphrase?: string };
  readonly context: string;
  readonly header: string;
  readonly records: readonly {
    readonly index: number;
    readonly clear: string;
    readonly plain: string;
    readonly sealed: string;
  }[];
}

describe("a file that Python wrote", () => {
  const files = JSON.parse(
    readFileSync(new URL("../../test/python-files.json", import.meta.url), "utf8"),
  ) as PythonFile[];

  it.each(files)("opens with the key $key.id", async ({ key, context, header, records }) => {
    const current =
      key.raw === undefined
        ? passphraseKey(key.id, secret(key.passphrase ?? ""))
        : rawKey(key.id, secret(bytes(key.raw)));
    const file = await encryption({ keys: keyRing({ current }) }).open(bytes(header), context);
    for (const { index, clear, plain, sealed } of records) {
      expect(Buffer.from(file.open(index, bytes(sealed), bytes(clear))).toString("hex")).toBe(plain);
    }
  });
});
