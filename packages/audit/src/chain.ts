import { createHash, createHmac, type KeyObject, sign, verify } from "node:crypto";
import type { AuditRecord } from "@otlpkit/core";
import { canonicalJson } from "./canonical-json.ts";

/** Where a chain stands: the number and the hash of its last record. */
export interface Head {
  /** Counts records from 1; 0: there is none yet. */
  readonly seq: number;
  /** SHA-256 (or HMAC-SHA-256) of the last record, hex; 64 zeros in front of the first. */
  readonly hash: string;
}

/** In front of the first record. */
export const beginning: Head = { seq: 0, hash: "0".repeat(64) };

/** A record with its place in the chain, as it is written down. */
export interface ChainedRecord extends AuditRecord {
  /** Version of this form: 1. */
  readonly v: 1;
  readonly seq: number;
  /** When it was recorded, ISO 8601 in UTC. The clock may jump; the order is that of `seq`. */
  readonly time: string;
  /** `hash` of the record before. */
  readonly prev: string;
  /** Of a checkpoint: Ed25519 over where the chain stood before it, base64. */
  readonly signature?: string;
  /** Hash of the canonical JSON of all of the above. */
  readonly hash: string;
}

/** What turns a record and the one before into a hash. */
export interface ChainKeys {
  /** Makes hashes that only who has the key can compute (HMAC). Absent: anybody can check, and anybody could forge. */
  readonly hmacKey?: Uint8Array | undefined;
}

/** Puts a record behind `head`. */
export function chained(
  record: AuditRecord,
  head: Head,
  time: Date,
  { hmacKey }: ChainKeys = {},
  signature?: string,
): ChainedRecord {
  const whole = {
    v: 1 as const,
    seq: head.seq + 1,
    time: time.toISOString(),
    ...record,
    prev: head.hash,
    ...(signature === undefined ? {} : { signature }),
  };
  return { ...whole, hash: hashOf(whole, hmacKey) };
}

/** The hash that a record ought to have: of its canonical JSON without `hash`. */
export function hashOf(record: Omit<ChainedRecord, "hash">, hmacKey?: Uint8Array): string {
  const text = canonicalJson({ ...record, hash: undefined });
  return (hmacKey === undefined ? createHash("sha256") : createHmac("sha256", hmacKey)).update(text).digest("hex");
}

/** Signs where a chain stands. Whoever keeps this elsewhere can later tell whether the records up to there were changed. */
export function signHead(head: Head, privateKey: KeyObject): string {
  return sign(null, Buffer.from(signedText(head)), privateKey).toString("base64");
}

/** Whether `signature` was made for `head` by the owner of `publicKey`. */
export function isSigned(head: Head, signature: string, publicKey: KeyObject): boolean {
  return verify(null, Buffer.from(signedText(head)), publicKey, Buffer.from(signature, "base64"));
}

function signedText({ seq, hash }: Head): string {
  return canonicalJson({ head: hash, seq });
}
