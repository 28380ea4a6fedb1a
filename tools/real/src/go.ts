import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { command } from "./command.ts";
import { cacheFolder, executable, onPath, ownFolder, type Source } from "./source.ts";

/**
 * A program out of the Go module proxy, built by the module in `go/FOLDER`: its go.mod names the program in a `tool` line
 * and its go.sum pins every byte that goes into it.
 */
export function goTool(folder: string, program: string, tags: readonly string[] = []): Source {
  const own = ownFolder(`go/${folder}`);
  const built = (): string => {
    const hash = createHash("sha256").update(tags.join());
    for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(own, file)));
    return join(cacheFolder, `go-${folder}-${hash.digest("hex").slice(0, 16)}`);
  };
  return {
    name: `${program} built with Go`,
    present() {
      if (!existsSync(own)) return undefined;
      const path = join(built(), program);
      return executable(path) ? path : undefined;
    },
    lacks() {
      if (!existsSync(own)) return `nothing here builds it (tools/real/go/${folder})`;
      if (onPath("go") === undefined) return "there is no go";
      const [, needs = ""] = /^go (\S+)$/m.exec(readFileSync(join(own, "go.mod"), "utf8")) ?? [];
      const has = goVersion();
      return older(has, needs) ? `it takes Go ${needs}, and this is ${has}` : undefined;
    },
    async obtain(timeoutMs) {
      mkdirSync(cacheFolder, { recursive: true });
      // Built aside and moved, so that what was interrupted is never taken for done.
      const aside = mkdtempSync(join(cacheFolder, "building-"));
      try {
        await command(["go", "build", "-ldflags=-s -w", `-tags=${tags.join()}`, "-o", `${aside}/`, "tool"], {
          doing: `building ${program}`,
          timeoutMs,
          cwd: own,
          env: { GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly -buildvcs=false" },
        });
        rmSync(built(), { recursive: true, force: true });
        renameSync(aside, built());
      } finally {
        rmSync(aside, { recursive: true, force: true });
      }
      return join(built(), program);
    },
  };
}

function goVersion(): string {
  const env = { ...process.env, GOTOOLCHAIN: "local" };
  return execFileSync("go", ["env", "GOVERSION"], { encoding: "utf8", env }).trim().replace(/^go/, "");
}

function older(has: string, needs: string): boolean {
  return has.localeCompare(needs, "en", { numeric: true }) < 0;
}
