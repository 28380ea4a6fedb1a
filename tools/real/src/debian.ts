import { existsSync, rmSync, writeFileSync } from "node:fs";
import { command } from "./command.ts";
import { onPath, type Source } from "./source.ts";

/** Asked by the scripts of packages whether they may start what they bring; 101 says no. */
const policy = "/usr/sbin/policy-rc.d";

/** A program out of packages of Debian, installed when we may and it, or one of its `companions`, is not there. */
export function debian(program: string, packages: readonly string[], companions: readonly string[] = []): Source {
  const present = (): string | undefined =>
    companions.every((each) => onPath(each) !== undefined) ? onPath(program) : undefined;
  return {
    name: `${program} of Debian's ${packages.join(", ")}`,
    present,
    lacks() {
      if (onPath("apt-get") === undefined) return "there is no apt-get";
      return process.getuid?.() === 0 ? undefined : `it takes root: apt-get install ${packages.join(" ")}`;
    },
    async obtain(timeoutMs) {
      const apt = (...words: string[]): Promise<string> =>
        command(["apt-get", "-o", "DPkg::Lock::Timeout=120", ...words], {
          doing: `installing ${packages.join(", ")}`,
          timeoutMs,
          env: { DEBIAN_FRONTEND: "noninteractive" },
        });
      const install = (): Promise<string> => apt("install", "-y", "--no-install-recommends", ...packages);
      await withoutServices(async () => {
        // On most machines the lists are there and fresh enough; where not, fetching them is the remedy.
        await install().catch(() => apt("update").then(install));
      });
      const found = present();
      if (found === undefined) {
        throw new Error(`${packages.join(", ")} did not bring ${[program, ...companions].join(" and ")}`);
      }
      return found;
    },
  };
}

/** No package starts a service of its own meanwhile: the tests run their own copies, in private folders. */
async function withoutServices(install: () => Promise<void>): Promise<void> {
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await install();
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}
