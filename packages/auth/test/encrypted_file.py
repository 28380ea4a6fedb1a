"""Reads and writes encrypted files as FORMAT.md says, with nothing of ours: `cryptography` does the work.

One JSON document on standard input, one on standard output:
  {"do": "write", "key": KEY, "context": TEXT, "records": [{"index": N, "clear": HEX, "plain": HEX}]}
  {"do": "read", "key": KEY, "context": TEXT, "header": HEX, "records": [{"index": N, "clear": HEX, "sealed": HEX}]}
where KEY is {"id": TEXT, "raw": HEX} or {"id": TEXT, "passphrase": TEXT, "iterations": N}.
"""

import json
import os
import struct
import sys
import unicodedata

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC


def wrapping(secret):
    derived = HKDF(hashes.SHA256(), 40, None, b"otlpkit wrapping key v1").derive(secret)
    return AESGCM(derived[:32]), derived[32:]


def stretched(passphrase, iterations, salt):
    text = unicodedata.normalize("NFC", passphrase).encode()
    return PBKDF2HMAC(hashes.SHA256(), 32, salt, iterations).derive(text)


def preamble(key_id):
    return b"OTKE" + bytes([1, 1, len(key_id)]) + key_id.encode()


def record_bound(context, index, clear):
    name = context.encode()
    return struct.pack(">BI", 1, len(name)) + name + struct.pack(">Q", index) + clear


def nonce(index):
    return struct.pack(">IQ", 0, index)


def write(task):
    key, context = task["key"], task["context"]
    data_key = os.urandom(32)
    bound = preamble(key["id"]) + context.encode()
    if "raw" in key:
        parameters, secret = b"\x01", bytes.fromhex(key["raw"])
        bound_too = b""
    else:
        salt = os.urandom(16)
        parameters = struct.pack(">BBI", 2, 1, key["iterations"]) + salt
        secret = stretched(key["passphrase"], key["iterations"], salt)
        bound_too = parameters
    cipher, check = wrapping(secret)
    wrap_nonce = os.urandom(12)
    wrapped = parameters + check + wrap_nonce + cipher.encrypt(wrap_nonce, data_key, bound + bound_too)
    records = AESGCM(data_key)
    return {
        "header": (preamble(key["id"]) + struct.pack(">H", len(wrapped)) + wrapped).hex(),
        "records": [
            {
                "index": one["index"],
                "clear": one["clear"],
                "sealed": records.encrypt(
                    nonce(one["index"]),
                    bytes.fromhex(one["plain"]),
                    record_bound(context, one["index"], bytes.fromhex(one["clear"])),
                ).hex(),
            }
            for one in task["records"]
        ],
    }


def read(task):
    key, context, header = task["key"], task["context"], bytes.fromhex(task["header"])
    before = preamble(key["id"])
    assert header.startswith(before)
    (length,) = struct.unpack_from(">H", header, len(before))
    wrapped = header[len(before) + 2 :]
    assert len(wrapped) == length
    if wrapped[0] == 1:
        parameters, secret = wrapped[:1], bytes.fromhex(key["raw"])
        bound_too = b""
    else:
        parameters = wrapped[:22]
        _, algorithm, iterations = struct.unpack(">BBI", parameters[:6])
        assert algorithm == 1
        secret = stretched(key["passphrase"], iterations, parameters[6:])
        bound_too = parameters
    cipher, check = wrapping(secret)
    rest = wrapped[len(parameters) :]
    assert rest[:8] == check
    data_key = cipher.decrypt(rest[8:20], rest[20:], before + context.encode() + bound_too)
    records = AESGCM(data_key)
    return {
        "records": [
            {
                "index": one["index"],
                "plain": records.decrypt(
                    nonce(one["index"]),
                    bytes.fromhex(one["sealed"]),
                    record_bound(context, one["index"], bytes.fromhex(one["clear"])),
                ).hex(),
            }
            for one in task["records"]
        ]
    }


task = json.load(sys.stdin)
json.dump({"write": write, "read": read}[task["do"]](task), sys.stdout)
