import { type StandardSchema, type StandardIssue } from "@otlpkit/core";
import { record, section } from "./collections.ts";
import { type AnyPlugin, type Component, type Configuration, type Plugins, sections } from "./configuration.ts";
import { type Environment, expand } from "./expand.ts";
import { suggestion } from "./nearest.ts";
import { readPipelines } from "./pipelines.ts";
import { ConfigurationError, type Path, type Problem, writePath, writeProblem } from "./problem.ts";
import { isShape, type Report, type Shape, shape } from "./shape.ts";
import { parseYaml } from "./yaml-file.ts";

/** Where a configuration comes from. */
export interface ConfigurationSource {
  /** The YAML. */
  readonly text: string;
  /** What to call it in messages; the path that the user gave. */
  readonly file: string;
  /** What `${env:NAME}` refers to. */
  readonly environment: Environment;
}

/** What a program understands. */
export interface Language<P extends Plugins, Service> {
  readonly plugins: P;
  /** The keys of `service` besides `pipelines` and `extensions`. */
  readonly service: Readonly<Record<string, Shape<unknown>>> & { readonly [K in keyof Service]: Shape<Service[K]> };
}

/**
 * Reads a configuration in the Collector's language: text and environment in, configuration out, nothing touched.
 *
 * @throws ConfigurationError with everything that is wrong, at once
 */
export function readConfiguration<P extends Plugins, Service>(
  { text, file, environment }: ConfigurationSource,
  { plugins, service }: Language<P, Service>,
): Configuration<P, Service> {
  const yaml = parseYaml(text);
  if (yaml.problems.length > 0) throw new ConfigurationError(file, yaml.problems);
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const report: Report = (severity, path, message) => {
    (severity === "error" ? problems : warnings).push({ path: writePath(path), message, ...yaml.locate(path) });
  };
  const fail = (): never => {
    throw new ConfigurationError(file, inFileOrder(problems));
  };

  const root = expand(yaml.value, environment, report);
  if (root === null || typeof root !== "object" || Array.isArray(root)) {
    report("error", [], "holds no configuration; there must be receivers, exporters and service.pipelines");
    return fail();
  }
  const anything = shape<unknown>((value) => value);
  const top = section({
    receivers: record(anything),
    processors: record(anything),
    exporters: record(anything),
    connectors: record(anything),
    extensions: record(anything),
    service: section({ extensions: anything, pipelines: anything, ...service }),
  }).read(root, [], report);

  const defined = Object.fromEntries(
    (Object.keys(sections) as (keyof Plugins)[]).map((name) => [
      name,
      readComponents(name, top[name] ?? {}, plugins[name], report),
    ]),
  ) as Record<keyof Plugins, Map<string, Component<AnyPlugin>>>;

  const { extensions, pipelines, ...rest } = top.service;
  const written = Object.fromEntries(
    (Object.keys(sections) as (keyof Plugins)[]).map((name) => [name, Object.keys(top[name] ?? {})]),
  ) as unknown as Record<keyof Plugins, readonly string[]>;
  const use = readPipelines({ pipelines, extensions }, written, report);
  if (problems.length > 0) return fail();

  const used = (name: keyof Plugins, ids: ReadonlySet<string>): Map<string, Component<AnyPlugin>> =>
    new Map([...ids].map((id) => [id, defined[name].get(id)!]));
  return {
    receivers: used("receivers", use.receivers),
    processors: used("processors", use.processors),
    exporters: used("exporters", use.exporters),
    connectors: used("connectors", use.connectors),
    extensions: used("extensions", use.extensions),
    pipelines: use.pipelines,
    service: rest as Service,
    warnings: inFileOrder(warnings).map((warning) => writeProblem(file, warning)),
  } as unknown as Configuration<P, Service>;
}

function readComponents(
  name: keyof Plugins,
  written: Readonly<Record<string, unknown>>,
  plugins: readonly AnyPlugin[],
  report: Report,
): Map<string, Component<AnyPlugin>> {
  const components = new Map<string, Component<AnyPlugin>>();
  for (const [id, value] of Object.entries(written)) {
    const path = [name, id];
    const [, type, own] = /^([^/]*)(?:\/(.*))?$/su.exec(id) ?? [];
    if (type === undefined || type.trim() === "" || own?.trim() === "") {
      report("error", path, "is no name of a component; write TYPE or TYPE/NAME");
      continue;
    }
    const plugin = plugins.find(({ names }) => names.includes(type));
    if (plugin === undefined) {
      const known = plugins.map(({ names }) => names[0]);
      const all = plugins.flatMap(({ names }) => names);
      const meant = suggestion(type, all);
      const others = known.length === 0 || meant.startsWith("known") ? "" : ` Known: ${known.toSorted().join(", ")}`;
      report("error", path, `there is no ${sections[name]} of type "${type}" here; ${meant}${others}`);
      continue;
    }
    components.set(id, { id, plugin, config: readConfig(plugin.config, value, path, report) as never });
  }
  return components;
}

function readConfig(schema: StandardSchema<unknown>, value: unknown, path: Path, report: Report): unknown {
  if (isShape(schema)) return schema.read(value, path, report);
  const result = schema["~standard"].validate(value ?? {});
  if (result instanceof Promise) {
    report("error", path, "this component checks its configuration asynchronously, which is not possible here");
    return undefined;
  }
  if (result.issues === undefined) return result.value;
  for (const issue of result.issues) report("error", [...path, ...stepsOf(issue)], issue.message);
  return undefined;
}

function stepsOf({ path = [] }: StandardIssue): (string | number)[] {
  return path.map((step) => {
    const key = typeof step === "object" ? step.key : step;
    return typeof key === "number" ? key : String(key);
  });
}

function inFileOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
