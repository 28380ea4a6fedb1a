import type { StandardIssue, StandardSchema } from "@otlpkit/core";
import { record, section } from "./collections.ts";
import { type AnyPlugin, type Component, type Configuration, type Plugins, sections } from "./configuration.ts";
import { type Environment, expand } from "./expand.ts";
import { suggestion } from "./nearest.ts";
import { readPipelines } from "./pipelines.ts";
import { ConfigurationError, type Path, type Problem, writePath, writeProblem } from "./problem.ts";
import { isShape, type Report, type Shape, shape } from "./shape.ts";
import { parseYaml } from "./yaml-file.ts";

/** Where a configuration comes from. */
export type ConfigurationSource = {
  /** What to call it in messages; the path that the user gave. */
  readonly file: string;
} & (
  | {
      /** The YAML. */
      readonly text: string;
      /** What `${env:NAME}` refers to. */
      readonly environment: Environment;
    }
  /** What YAML would have been read as, references replaced; for a program that makes up a configuration. */
  | { readonly value: unknown }
);

/** What a program understands. */
export interface Language<P extends Plugins, Service> {
  readonly plugins: P;
  /** The keys of `service` besides `pipelines` and `extensions`. */
  readonly service: Readonly<Record<string, Shape<unknown>>> & { readonly [K in keyof Service]: Shape<Service[K]> };
  /** Reports what no part can see by itself, such as a name that nothing has. Asked when the parts are all right. */
  readonly check?: (configuration: Configuration<P, Service>, report: Report) => void;
}

/**
 * Reads a configuration in the Collector's language: text and environment in, configuration out, nothing touched.
 *
 * @throws ConfigurationError with everything that is wrong, at once
 */
export async function readConfiguration<P extends Plugins, Service>(
  source: ConfigurationSource,
  { plugins, service, check }: Language<P, Service>,
): Promise<Configuration<P, Service>> {
  const { file } = source;
  const yaml = "text" in source ? await parseYaml(source.text) : undefined;
  if (yaml !== undefined && yaml.problems.length > 0) throw new ConfigurationError(file, yaml.problems);
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const report: Report = (severity, path, message) => {
    (severity === "error" ? problems : warnings).push({ path: writePath(path), message, ...yaml?.locate(path) });
  };
  const fail = (): never => {
    throw new ConfigurationError(file, inFileOrder(problems));
  };

  const root =
    "text" in source
      ? expand(yaml!.value, { environment: source.environment, report, parse: (text) => yaml!.parse(text) })
      : source.value;
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

  const components = (Object.keys(sections) as (keyof Plugins)[]).map(async (name) => [
    name,
    await readComponents(name, top[name] ?? {}, plugins[name], report),
  ]);
  const defined = Object.fromEntries(await Promise.all(components)) as Record<
    keyof Plugins,
    Map<string, Component<AnyPlugin>>
  >;

  const { extensions, pipelines, ...rest } = top.service;
  const written = Object.fromEntries(
    (Object.keys(sections) as (keyof Plugins)[]).map((name) => [name, Object.keys(top[name] ?? {})]),
  ) as unknown as Record<keyof Plugins, readonly string[]>;
  const use = readPipelines({ pipelines, extensions }, written, report);
  if (problems.length > 0) return fail();

  const used = (name: keyof Plugins, ids: ReadonlySet<string>): Map<string, Component<AnyPlugin>> =>
    new Map([...ids].map((id) => [id, defined[name].get(id)!]));
  const parts = {
    receivers: used("receivers", use.receivers),
    processors: used("processors", use.processors),
    exporters: used("exporters", use.exporters),
    connectors: used("connectors", use.connectors),
    extensions: used("extensions", use.extensions),
    pipelines: use.pipelines,
    service: rest as Service,
  };
  check?.({ ...parts, warnings: [] } as unknown as Configuration<P, Service>, report);
  if (problems.length > 0) return fail();
  const said = inFileOrder(warnings).map((warning) => writeProblem(file, warning));
  return { ...parts, warnings: said } as unknown as Configuration<P, Service>;
}

async function readComponents(
  name: keyof Plugins,
  written: Readonly<Record<string, unknown>>,
  plugins: readonly AnyPlugin[],
  report: Report,
): Promise<Map<string, Component<AnyPlugin>>> {
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
    // hardly a schema ever waits
    const config = await readConfig(plugin.config, value, path, report);
    components.set(id, { id, plugin, config: config as never });
  }
  return components;
}

async function readConfig(
  schema: StandardSchema<unknown>,
  value: unknown,
  path: Path,
  report: Report,
): Promise<unknown> {
  if (isShape(schema)) return schema.read(value, path, report);
  const result = await schema["~standard"].validate(value ?? {});
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
