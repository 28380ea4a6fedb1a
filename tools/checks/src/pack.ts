import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { rooms, root } from "./workspace.ts";

const exec = promisify(execFile);

/** The tarballs of everything that is published, as they would go to the registry. */
export interface Packed {
  /** Package name to the path of its tarball. */
  readonly tarballs: ReadonlyMap<string, string>;
  /** Removes them. */
  dispose(): Promise<void>;
}

/** Packs all published packages and apps with the pinned pnpm, which turns `workspace:` into versions. Needs a build. */
export async function packAll(): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), "otlpkit-pack-"));
  const { packageManager } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    packageManager: string;
  };
  const filters = ["--filter", "./packages/*", "--filter", "./apps/*"];
  await exec("npx", ["--yes", packageManager, "--recursive", ...filters, "pack", "--pack-destination", folder], {
    cwd: root,
  });
  const files = await readdir(folder);
  const published = rooms().filter(({ manifest }) => !manifest.private);
  const tarballs = new Map(
    published.map(({ manifest }): [string, string] => {
      const stem = manifest.name.replace("@", "").replace("/", "-");
      const file = files.find((name) => new RegExp(`^${stem}-\\d`).test(name));
      if (!file) throw new Error(`pnpm pack made no tarball for ${manifest.name}; it made ${files.join(", ")}`);
      return [manifest.name, join(folder, file)];
    }),
  );
  return { tarballs, dispose: () => rm(folder, { recursive: true, force: true }) };
}
