import type { ExportError } from "@otlpkit/core";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { environment, file, fixed, folder, type Secret, type Secrets, type SecretSource } from "./index.ts";

let place: string;
let stop: AbortController;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "otlpkit-secrets-"));
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  rmSync(place, { recursive: true, force: true });
});

const quick = { debounceMs: 5, pollMs: 30_000 };
const put = (name: string, value: string | Uint8Array): void => writeFileSync(join(place, name), value);
const changesOf = <Value>(source: SecretSource<Value>): AsyncIterator<Value> =>
  source.watch(stop.signal)[Symbol.asyncIterator]();
const next = async (values: AsyncIterator<Secret>): Promise<string> => {
  const { done, value } = await values.next();
  return done ? "ended" : value.reveal();
};
const shown = (secrets: Secrets): object =>
  Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, value.reveal()]));

/** Swaps the content of a mounted volume as the kubelet does: a new folder, a new link, one rename. */
let version = 0;
function mount(files: Readonly<Record<string, string>>): void {
  const name = `..2026_11_${++version}`;
  mkdirSync(join(place, name));
  for (const [file, value] of Object.entries(files)) put(`${name}/${file}`, value);
  symlinkSync(name, join(place, "..data_tmp"));
  renameSync(join(place, "..data_tmp"), join(place, "..data"));
  for (const file of Object.keys(files)) {
    try {
      symlinkSync(`..data/${file}`, join(place, file));
    } catch {
      // The link is there from the time before.
    }
  }
  if (version > 1) rmSync(join(place, `..2026_11_${version - 1}`), { recursive: true, force: true });
}

describe("file", () => {
  it.each([
    ["as it is", "token", "token"],
    ["without the newline at the end", "token\n", "token"],
    ["without that of Windows", "token\r\n", "token"],
    ["with all but one of many", "token\n\n", "token\n"],
    ["with spaces, which may belong to it", " token ", " token "],
  ])("gives text %s", async (_, written, read) => {
    put("token", written);
    expect((await file(join(place, "token")).get()).reveal()).toBe(read);
  });

  it("leaves what is not text as it is", async () => {
    put("key", Uint8Array.of(0xff, 0xfe, 0x0a));
    expect((await file(join(place, "key")).get()).revealBytes()).toEqual(Uint8Array.of(0xff, 0xfe, 0x0a));
  });

  it("says what is wrong with one that is not there, is empty, is a folder or is too long", async () => {
    put("empty", "");
    put("newline", "\n");
    put("long", "x".repeat(101));
    mkdirSync(join(place, "folder"));
    const problem = (name: string): Promise<unknown> =>
      file(join(place, name), { maxBytes: 100 })
        .get()
        .catch((error: unknown) => error);
    expect(await problem("none")).toMatchObject({
      code: "invalid",
      message: expect.stringContaining("there is no secret in"),
    });
    expect(await problem("empty")).toMatchObject({ code: "invalid", message: expect.stringContaining("is empty") });
    expect(await problem("newline")).toMatchObject({ code: "invalid" });
    expect(await problem("folder")).toMatchObject({
      code: "invalid",
      message: expect.stringContaining("is not a file"),
    });
    expect(await problem("long")).toMatchObject({ code: "too-large", message: expect.not.stringContaining("xx") });
    put("fits", "x".repeat(100));
    expect((await file(join(place, "fits"), { maxBytes: 100 }).get()).reveal()).toHaveLength(100);
  });

  it("tells of each change, and not of what stays the same", async () => {
    put("token", "one");
    const values = changesOf(file(join(place, "token"), quick));
    expect(await next(values)).toBe("one");
    const second = next(values);
    put("token", "one");
    put("other", "x");
    put("token", "two\n");
    expect(await second).toBe("two");
    const third = next(values);
    put("token.new", "three");
    renameSync(join(place, "token.new"), join(place, "token"));
    expect(await third).toBe("three");
  });

  it("follows a volume of Kubernetes through swap after swap", async () => {
    version = 0;
    mount({ token: "v1" });
    const values = changesOf(file(join(place, "token"), quick));
    expect(await next(values)).toBe("v1");
    for (const value of ["v2", "v3", "v4", "v5"]) {
      const coming = next(values);
      mount({ token: value });
      expect(await coming).toBe(value);
    }
  });

  it("waits for one that is not there yet, and lives through its removal", async () => {
    const errors: ExportError[] = [];
    const onError = (error: ExportError): void => void errors.push(error);
    const values = changesOf(file(join(place, "token"), { ...quick, onError }));
    const first = next(values);
    await until(() => errors.length > 0);
    put("token", "one");
    expect(await first).toBe("one");
    const second = next(values);
    rmSync(join(place, "token"));
    await until(() => errors.length > 1);
    put("token", "two");
    expect(await second).toBe("two");
    expect(errors.every(({ code }) => code === "invalid")).toBe(true);
  });

  it("finds a folder that was replaced", async () => {
    mkdirSync(join(place, "mounted"));
    put("mounted/token", "one");
    const often = { debounceMs: 5, pollMs: 20 };
    const values = changesOf(file(join(place, "mounted/token"), often));
    expect(await next(values)).toBe("one");
    for (const value of ["two", "three"]) {
      const coming = next(values);
      rmSync(join(place, "mounted"), { recursive: true });
      mkdirSync(join(place, "mounted"));
      put("mounted/token", value);
      expect(await coming).toBe(value);
    }
  });

  it("ends without an error, whether somebody waits or not", async () => {
    put("token", "one");
    const waiting = changesOf(file(join(place, "token"), quick));
    const idle = changesOf(file(join(place, "token"), quick));
    await next(waiting);
    await next(idle);
    const last = next(waiting);
    stop.abort();
    expect(await last).toBe("ended");
    expect(await next(idle)).toBe("ended");
    expect(await next(changesOf(file(join(place, "token"))))).toBe("ended");
  });
});

describe("folder", () => {
  it("gives all files of one version, by name", async () => {
    version = 0;
    mount({ user: "shop\n", password: "p1" });
    const values = changesOf(folder(place, quick));
    expect(shown((await values.next()).value as Secrets)).toEqual({ password: "p1", user: "shop" });
    for (const value of ["p2", "p3", "p4"]) {
      const coming = values.next();
      mount({ user: "shop", password: value });
      expect(shown((await coming).value as Secrets)).toEqual({ password: value, user: "shop" });
    }
  });

  it("never mixes two versions, at whatever moment they are swapped", async () => {
    version = 0;
    mount({ cert: "0", key: "0" });
    const source = folder(place);
    for (let turns = 0; turns < 40; turns++) {
      const reading = source.get();
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      mount({ cert: String(turns + 1), key: String(turns + 1) });
      const { cert, key } = await reading;
      expect([String(turns), String(turns + 1)]).toContain(key?.reveal());
      expect(cert?.reveal()).toBe(key?.reveal());
    }
  });

  it("leaves out folders and what begins with a dot", async () => {
    mkdirSync(join(place, "deeper"));
    put(".hidden", "x");
    put("key", "k");
    expect(shown(await folder(place).get())).toEqual({ key: "k" });
  });

  it("says so when it is not there", async () => {
    await expect(folder(join(place, "none")).get()).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("environment and fixed", () => {
  it("give what they were given, and never change", async () => {
    expect((await environment("TOKEN", { TOKEN: "t" }).get()).reveal()).toBe("t");
    const values = changesOf(fixed("f"));
    expect(await next(values)).toBe("f");
    const last = next(values);
    stop.abort();
    expect(await last).toBe("ended");
  });

  it("name a variable that is not set or empty", async () => {
    await expect(environment("TOKEN", {}).get()).rejects.toThrow("the environment variable TOKEN is not set");
    await expect(environment("TOKEN", { TOKEN: "" }).get()).rejects.toThrow("the environment variable TOKEN is empty");
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
