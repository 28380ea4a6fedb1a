// Part of `npm run version`, after `changeset version`: packages that say their version on the wire carry it in
// src/version.ts, which follows package.json. Their tests hold the two together.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const packages = new URL("../packages/", import.meta.url);
for (const name of readdirSync(packages)) {
  const file = new URL(`${name}/src/version.ts`, packages);
  if (!existsSync(file)) continue;
  const { version } = JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), "utf8"));
  const before = readFileSync(file, "utf8");
  const line = /^export const version = ".*";$/mu;
  if (!line.test(before)) throw new Error(`${fileURLToPath(file)} has no line \`export const version = "...";\``);
  writeFileSync(file, before.replace(line, `export const version = "${version}";`));
  console.log(`packages/${name}/src/version.ts says ${version}`);
}
