// What programs can use of a package: `node otel-names.mjs FOLDER PACKAGE...` prints it for packages as `require` finds them
// from that folder, as JSON by package and name.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const kinds = ["COUNTER", "GAUGE", "UP_DOWN_COUNTER"];
const instruments = [...kinds, ...kinds.map((kind) => `OBSERVABLE_${kind}`), "HISTOGRAM"];

/** By name: the methods of a class, the answers of a selector for each kind of instrument, the values of an enumeration. */
export function namesOf(module) {
  return Object.fromEntries(Object.entries(module).map(([name, value]) => [name, contentOf(name, value)]));
}

function contentOf(name, value) {
  if (name.endsWith("Selector")) return { answers: instruments.map((kind) => value(kind)) };
  return typeof value === "function" ? { methods: methodsOf(value.prototype) } : { values: value };
}

function methodsOf(prototype) {
  if (prototype === Object.prototype) return [];
  return [...Object.getOwnPropertyNames(prototype), ...methodsOf(Object.getPrototypeOf(prototype))];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, ...packages] = process.argv.slice(2);
  const require = createRequire(join(folder, "package.json"));
  console.log(JSON.stringify(Object.fromEntries(packages.map((name) => [name, namesOf(require(name))]))));
}
