import { ExportError } from "@otlpkit/core";

/** What the header of an encrypted file says. FORMAT.md has it byte by byte. */
export interface Header {
  readonly keyId: string;
  /** The data key, wrapped by the key of that id; what it looks like is the key's own affair. */
  readonly wrapped: Uint8Array;
}

const magic = Buffer.from("OTKE");
const version = 1;
const aes256Gcm = 1;
const idRule = /^[A-Za-z0-9._-]{1,64}$/;

/** Ids of keys stand in headers, messages and file names, so they are short and plain. */
export function checkKeyId(id: string): string {
  if (idRule.test(id)) return id;
  throw new ExportError(
    "invalid",
    "the id of a key is not usable; take 1 to 64 letters, digits, dots, dashes and underscores (and no part of the key)",
  );
}

/** The part of a header before the wrapped key: authenticated together with it. */
export function preamble(keyId: string): Buffer {
  const id = Buffer.from(checkKeyId(keyId), "latin1");
  return Buffer.concat([magic, Buffer.of(version, aes256Gcm, id.length), id]);
}

export function writeHeader(header: Header): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(header.wrapped.length);
  return Buffer.concat([preamble(header.keyId), length, header.wrapped]);
}

/** @throws ExportError "forbidden" when it is not a header of ours, or one of a newer version */
export function readHeader(bytes: Uint8Array): Header {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.length < 9 || !header.subarray(0, 4).equals(magic)) {
    throw new ExportError("forbidden", "cannot open an encrypted file: it does not begin with a header of ours");
  }
  if (header[4] !== version || header[5] !== aes256Gcm) {
    throw new ExportError(
      "forbidden",
      `cannot open an encrypted file: its format is ${header[4]}.${header[5]} and only ${version}.${aes256Gcm} is known here; was it written by a newer version?`,
    );
  }
  const endOfId = 7 + header[6]!;
  const keyId = header.subarray(7, endOfId).toString("latin1");
  if (
    !idRule.test(keyId) ||
    header.length < endOfId + 2 ||
    header.length !== endOfId + 2 + header.readUInt16BE(endOfId)
  ) {
    throw new ExportError("forbidden", "cannot open an encrypted file: its header is damaged");
  }
  return { keyId, wrapped: header.subarray(endOfId + 2) };
}

/** The id of the key that is needed to open a file, from its header alone: tells which keys have to be kept. */
export function keyIdOf(header: Uint8Array): string {
  return readHeader(header).keyId;
}
