import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registryCases, type RegistryWorld, type WorldEntry } from "@otlpkit/testkit/node";
import { describe, expect, it } from "vitest";
import { fileRegistry } from "./index.ts";

const writers: Readonly<Record<string, Writer>> = {
  "written in place": (folder, text) => writeFile(join(folder, "endpoints"), text),
  "renamed into place": async (folder, text, number) => {
    const draft = join(folder, `.endpoints.${number}`);
    await writeFile(draft, text);
    await rename(draft, join(folder, "endpoints"));
  },
  "swapped by ..data": async (folder, text, number) => {
    const version = `..version-${number}`;
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, "endpoints"), text);
    await symlink(version, join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
    if (number === 1) await symlink(join("..data", "endpoints"), join(folder, "endpoints"));
  },
};

for (const [how, write] of Object.entries(writers)) {
  describe(`fileRegistry, ${how}`, () => {
    registryCases({ it: it.concurrent }, () => folderWorld(write), {
      quietMs: 150,
      cannot: {
        "gives up on answers that do not come, and keeps the last list": "reading a file does not wait",
        "ends at once while it waits for an answer": "reading a file does not wait",
        "goes on after a restart of the source": "there is no process behind a file",
      },
    });
  });
}

describe("fileRegistry", () => {
  it("reads one URL a line, with what is known of it", async () => {
    const text = "# relays\nhttp://a:4317 weight=2 zone=b id=first version=7\n\nunix:///run/otlp.sock # local\n";
    expect(await firstList(text)).toEqual([
      { url: "http://a:4317", id: "first", weight: 2, zone: "b", metadata: { version: "7" } },
      { url: "unix:///run/otlp.sock" },
    ]);
  });

  it("reads JSON: URLs, endpoints, or both under a name", async () => {
    const list = ["http://b:4317", { url: "http://a:4317", id: "a", draining: true }];
    const expected = [{ url: "http://a:4317", id: "a", draining: true }, { url: "http://b:4317" }];
    expect(await firstList(JSON.stringify(list))).toEqual(expected);
    expect(await firstList(JSON.stringify({ endpoints: list }))).toEqual(expected);
  });

  it("takes an empty file for an empty list", async () => {
    expect(await firstList("")).toEqual([]);
  });

  it.each([
    ["collector:4317", 'line 1: "url" is not what it must be'],
    ["http://a:4317\nhttp://b:4317 heavy", "line 2: after the URL come pairs name=value"],
    ["http://a:4317 weight=many", 'line 1: "weight" is not what it must be'],
    ["http://a:4317 draining=perhaps", 'line 1: "draining" is not what it must be'],
    ["[", "it begins like JSON and is none"],
    ['{"endpoint":[]}', 'there must be a list, or an object with a list under "endpoints"'],
    ['[{"url":"http://a:4317","wieght":2}]', 'endpoint 1: there is no "wieght"'],
    ['[{"uri":"http://a:4317"}]', 'endpoint 1 has no "url"'],
  ])("says what is wrong in %s", async (text, message) => {
    expect(await firstFailure(text)).toMatchObject({ code: "invalid", message: expect.stringContaining(message) });
  });

  it("says that the file is missing, or too large", async () => {
    expect(await firstFailure(undefined)).toMatchObject({ code: "unavailable" });
    expect(await firstFailure("http://a:4317", { maxBytes: 5 })).toMatchObject({ code: "too-large" });
  });
});

type Writer = (folder: string, text: string, number: number) => Promise<void>;

async function folderWorld(write: Writer): Promise<RegistryWorld> {
  const parent = await mkdtemp(join(tmpdir(), "otlpkit-file-"));
  const near = join(parent, "config");
  const away = join(parent, "away");
  await mkdir(near);
  const entries = new Map<string, WorldEntry>();
  let folder = near;
  let written = 0;
  let garbage = false;

  let turn: Promise<void> = Promise.resolve();
  const publish = (): Promise<void> => {
    turn = turn.then(() => {
      const list = [...entries.values()].map(({ host, port, ...rest }) => ({ url: `http://${host}:${port}`, ...rest }));
      return write(folder, garbage ? '[{"url":' : JSON.stringify(list), ++written);
    });
    return turn;
  };
  return {
    registry: (settings) => fileRegistry(join(near, "endpoints"), settings),
    put(entry) {
      entries.set(entry.id, entry);
      return publish();
    },
    remove(id) {
      entries.delete(id);
      return publish();
    },
    clear() {
      entries.clear();
      return publish();
    },
    async cut() {
      await turn;
      if (folder === near) await rename(near, away);
      folder = away;
    },
    garble() {
      garbage = true;
      return publish();
    },
    async restore() {
      if (folder === away) await rename(away, near);
      folder = near;
      garbage = false;
      await publish();
    },
    stall: () => Promise.reject(new Error("files do not wait")),
    restart: () => Promise.reject(new Error("files do not restart")),
    openConnections: 0,
    dispose: () => rm(parent, { recursive: true }),
  };
}

async function firstList(text: string): Promise<unknown> {
  return withFile(text, async (path) => {
    for await (const list of fileRegistry(path).watch(new AbortController().signal)) return list;
    return undefined;
  });
}

/** The first error that is told. */
async function firstFailure(text: string | undefined, options: { readonly maxBytes?: number } = {}): Promise<unknown> {
  return withFile(text, async (path) => {
    const over = new AbortController();
    let failure: unknown;
    const registry = fileRegistry(path, {
      ...options,
      onState(state) {
        if (state.state === "stale") failure = state.error;
        over.abort();
      },
    });
    for await (const list of registry.watch(over.signal)) expect(list).toBe("no list at all");
    return failure;
  });
}

async function withFile<T>(text: string | undefined, run: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "otlpkit-file-"));
  try {
    if (text !== undefined) await writeFile(join(folder, "endpoints"), text);
    return await run(join(folder, "endpoints"));
  } finally {
    await rm(folder, { recursive: true });
  }
}
