// The checks of the house: prints what was found, and fails when something is not as it should be.
// `node tools/checks/src/main.ts NAME...` runs only the named ones.
import { checkArrows } from "./arrows.ts";
import { checkFurniture } from "./furniture.ts";
import { checkLeaks } from "./leaks.ts";
import { checkPublishable } from "./publishable.ts";
import { checkReadmes } from "./readmes.ts";

const checks = {
  arrows: { title: "arrows between packages", run: checkArrows },
  leaks: { title: "what each entry reaches", run: checkLeaks },
  furniture: { title: "what every package has", run: checkFurniture },
  publishable: { title: "what would be published", run: checkPublishable },
  readmes: { title: "examples that run", run: checkReadmes },
};

type Name = keyof typeof checks;
const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`unknown check ${unknown.join(", ")}; known: ${Object.keys(checks).join(", ")}`);
  process.exit(2);
}

let failures = 0;
for (const name of (names.length > 0 ? names : Object.keys(checks)) as Name[]) {
  const { lines, problems } = await checks[name].run();
  console.log(`\n${checks[name].title}`);
  for (const line of lines) console.log(`  ${line}`);
  for (const problem of problems) console.error(`  ✗ ${problem}`);
  failures += problems.length;
}
if (failures > 0) {
  console.error(`\n${failures} problem${failures === 1 ? "" : "s"}`);
  process.exit(1);
}
