import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkArrows } from "../src/arrows.ts";
import { importsOf } from "../src/imports.ts";
import { checkLeaks } from "../src/leaks.ts";
import { type Room, rooms } from "../src/workspace.ts";

const scratch = mkdtempSync(join(tmpdir(), "otlpkit-imports-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("importsOf", () => {
  it("finds imports, re-exports, types, lazy imports and lazily taken builtins", () => {
    const file = join(scratch, "sample.ts");
    writeFileSync(
      file,
      [
        'import { a } from "./a.ts";',
        'import type { B } from "@otlpkit/core";',
        "export {",
        "  c,",
        '} from "./c.ts";',
        'import "./side-effect.ts";',
        'const d = await import("node:http2");',
        'const e = process.getBuiltinModule("node:zlib");',
        '// import { no } from "./comment.ts";',
      ].join("\n"),
    );
    expect(importsOf(file)).toEqual([
      { specifier: "./a.ts", typeOnly: false, dynamic: false },
      { specifier: "@otlpkit/core", typeOnly: true, dynamic: false },
      { specifier: "./c.ts", typeOnly: false, dynamic: false },
      { specifier: "./side-effect.ts", typeOnly: false, dynamic: false },
      { specifier: "node:http2", typeOnly: false, dynamic: true },
      { specifier: "node:zlib", typeOnly: false, dynamic: true },
    ]);
  });
});

/** The rooms as they are, but one of them holds nothing except the planted text. */
function planted(name: string, text: string): readonly Room[] {
  const folder = mkdtempSync(join(scratch, "room-"));
  const file = join(folder, "planted.ts");
  writeFileSync(file, text);
  return rooms().map((room) => (room.name === name ? { ...room, folder, files: [file] } : room));
}

describe("the house", () => {
  it("has no wrong arrow", () => {
    expect(checkArrows().problems).toEqual([]);
  });

  it("has no leak", () => {
    expect(checkLeaks().problems).toEqual([]);
  });
});

describe("checkArrows", () => {
  it("finds a sideways arrow", () => {
    const { problems } = checkArrows(planted("retry", 'import { gzip } from "@otlpkit/compression";\n'));
    expect(problems.join("\n")).toMatch(/sideways arrow retry -> compression/);
  });

  it("finds an import past the public face", () => {
    const { problems } = checkArrows(planted("retry", 'import { x } from "@otlpkit/core/src/batch.ts";\n'));
    expect(problems.join("\n")).toMatch(/deep import "@otlpkit\/core\/src\/batch.ts"/);
  });

  it("finds a relative import that leaves the package", () => {
    const { problems } = checkArrows(planted("retry", 'import { x } from "../../core/src/batch.ts";\n'));
    expect(problems.join("\n")).toMatch(/leaves the package/);
  });

  it("finds a foundation that leans on a room above it", () => {
    const { problems } = checkArrows(planted("core", 'import { scan } from "@otlpkit/otlp";\n'));
    expect(problems.join("\n")).toMatch(/sideways arrow core -> otlp/);
  });
});

describe("checkLeaks", () => {
  it("finds a node module in an entry that must run in browsers", () => {
    const all = planted("retry", "");
    const room = all.find(({ name }) => name === "retry") as Room;
    mkdirSync(join(room.folder, "src"));
    writeFileSync(join(room.folder, "src", "index.ts"), 'export { a } from "./a.ts";\n');
    writeFileSync(join(room.folder, "src", "a.ts"), 'import { readFileSync } from "node:fs";\n');
    expect(checkLeaks(all).problems.join("\n")).toMatch(/retry . must run in browsers but reaches node:fs by .*a\.ts/);
  });
});
