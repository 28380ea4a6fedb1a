import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { command } from "./command.ts";
import { cacheFolder, onPath, ownFolder, type Source } from "./source.ts";

/** A program for Java out of Maven's registry, built by the project in `maven/FOLDER` as `target/FOLDER.jar`. */
export function maven(folder: string): Source {
  const own = ownFolder(`maven/${folder}`);
  const sources = (): string[] =>
    readdirSync(own, { recursive: true, encoding: "utf8" })
      .filter((file) => file === "pom.xml" || /^src\b.*\.\w+$/.test(file))
      .toSorted();
  const built = (): string => {
    const hash = createHash("sha256");
    for (const file of sources()) hash.update(file).update(readFileSync(join(own, file)));
    return join(cacheFolder, `maven-${folder}-${hash.digest("hex").slice(0, 16)}.jar`);
  };
  return {
    name: `${folder}.jar built with Maven`,
    present: () => (existsSync(built()) && onPath("java") !== undefined ? built() : undefined),
    lacks() {
      const missing = ["java", "mvn"].filter((program) => onPath(program) === undefined);
      return missing.length === 0 ? undefined : `there is no ${missing.join(" and no ")}`;
    },
    async obtain(timeoutMs) {
      mkdirSync(cacheFolder, { recursive: true });
      // A copy, so that nothing is left behind in the tree.
      const aside = mkdtempSync(join(cacheFolder, "building-"));
      try {
        for (const file of sources()) cpSync(join(own, file), join(aside, file));
        await command(["mvn", "-q", "-B", "package", "-DskipTests"], {
          doing: `building ${folder}.jar`,
          timeoutMs,
          cwd: aside,
        });
        renameSync(join(aside, "target", `${folder}.jar`), built());
      } finally {
        rmSync(aside, { recursive: true, force: true });
      }
      return built();
    },
  };
}
