// Finds a Chromium for the browser tests: $CHROMIUM_PATH, the system's, or the one inside @sparticuz/chromium (Linux x64).
// OTLPKIT_CHROMIUM=npm passes over the system's, so that CI can try the npm route.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

const systemPaths = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** `{ executablePath, env }` for playwright's launch options, or undefined where there is none. */
export function findChromium() {
  if (process.env.CHROMIUM_PATH) return { executablePath: process.env.CHROMIUM_PATH, env: process.env };
  if (process.env.OTLPKIT_CHROMIUM !== "npm") {
    const system = systemPaths.find((path) => existsSync(path));
    if (system) return { executablePath: system, env: process.env };
  }
  if (process.platform === "linux" && process.arch === "x64") return fromPackage();
  return undefined;
}

/** The package hides its bin folder from `exports`: resolve its entry and walk up. */
function packedFolder() {
  let folder = dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium"));
  while (folder !== dirname(folder)) {
    const candidate = join(folder, "bin");
    if (existsSync(join(candidate, "chromium.br"))) return candidate;
    folder = dirname(folder);
  }
  return undefined;
}

function fromPackage() {
  const packed = packedFolder();
  if (!packed) return undefined;
  const target = fileURLToPath(new URL("../node_modules/.cache/chromium", import.meta.url));
  const executablePath = join(target, "chromium");
  if (!existsSync(executablePath)) {
    // Unpacked beside the target and renamed last, so that a broken run leaves nothing half done.
    const partial = `${target}.${process.pid}`;
    mkdirSync(partial, { recursive: true });
    writeFileSync(join(partial, "chromium"), brotliDecompressSync(readFileSync(join(packed, "chromium.br"))));
    chmodSync(join(partial, "chromium"), 0o755);
    const libraries = brotliDecompressSync(readFileSync(join(packed, "al2023.tar.br")));
    execFileSync("tar", ["-x", "-C", partial], { input: libraries });
    try {
      renameSync(partial, target);
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      if (!existsSync(executablePath)) throw error;
    }
  }
  const libraryPath = [join(target, "lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return { executablePath, env: { ...process.env, LD_LIBRARY_PATH: libraryPath } };
}
