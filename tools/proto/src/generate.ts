// Writes the generated part of @otlpkit/otlp from the files in proto/. With --check it only compares, for use in tests.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "./load.ts";
import { modelSource } from "./model-source.ts";
import { schemaSource } from "./schema-source.ts";

const target = new URL("../../../packages/otlp/src/generated/", import.meta.url);
const command = "node tools/proto/src/generate.ts";
const header = `// Generated from proto/ by \`${command}\`. Do not edit: change the .proto files and run it again.\n\n`;

/** What the generated files should hold, by path. */
function generate(): Map<string, string> {
  const root = load();
  return new Map([
    [fileURLToPath(new URL("schema.ts", target)), header + schemaSource(root)],
    [fileURLToPath(new URL("model.ts", target)), header + modelSource(root)],
  ]);
}

/** Generated files that are missing or differ from what proto/ says. */
export function staleFiles(): string[] {
  return [...generate()].filter(([path, text]) => textOf(path) !== text).map(([path]) => path);
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function write(): void {
  for (const [path, text] of generate()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    for (const path of staleFiles()) {
      console.error(`${path} is not what proto/ says; run \`${command}\` and commit the result`);
      process.exitCode = 1;
    }
  } else {
    write();
  }
}
