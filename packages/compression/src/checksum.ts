/** A running checksum over chunks. */
export interface Checksum {
  readonly value: number;
  readonly bytes: number;
  update(chunk: Uint8Array): void;
}

/** CRC-32 as gzip uses it (RFC 1952 8). */
export function crc32(): Checksum {
  let crc = 0xffffffff;
  let bytes = 0;
  return {
    get value() {
      return (crc ^ 0xffffffff) >>> 0;
    },
    get bytes() {
      return bytes;
    },
    update(chunk) {
      for (const byte of chunk) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] as number);
      bytes += chunk.byteLength;
    },
  };
}

/** Adler-32 as the zlib format uses it (RFC 1950 8.2). */
export function adler32(): Checksum {
  let low = 1;
  let high = 0;
  let bytes = 0;
  return {
    get value() {
      return ((high << 16) | low) >>> 0;
    },
    get bytes() {
      return bytes;
    },
    update(chunk) {
      for (const byte of chunk) {
        low = (low + byte) % 65521;
        high = (high + low) % 65521;
      }
      bytes += chunk.byteLength;
    },
  };
}

const crcTable = /* @__PURE__ */ makeCrcTable();

function makeCrcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}
