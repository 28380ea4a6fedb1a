import { type Signal, signalNames } from "@otlpkit/core";
import { list, record, section } from "./collections.ts";
import type { Pipeline, Plugins } from "./configuration.ts";
import { suggestion } from "./nearest.ts";
import type { Path } from "./problem.ts";
import type { Report } from "./shape.ts";
import { text } from "./values.ts";

/** Which components a file puts to use. */
export type Use = { readonly pipelines: readonly Pipeline[] } & Readonly<Record<keyof Plugins, ReadonlySet<string>>>;

const shapeOfPipeline = section({ receivers: list(text), processors: list(text), exporters: list(text) });

/** Reads `service.pipelines` and `service.extensions`, given the ids that the sections define. */
export function readPipelines(
  service: { readonly pipelines: unknown; readonly extensions: unknown },
  defined: Readonly<Record<keyof Plugins, readonly string[]>>,
  report: Report,
): Use {
  const used = {
    receivers: new Set<string>(),
    processors: new Set<string>(),
    exporters: new Set<string>(),
    connectors: new Set<string>(),
    extensions: new Set<string>(),
  };
  /** Looks each id up in `places` and notes it; a connector can stand on both sides of a pipeline. */
  const name = (ids: readonly string[], path: Path, ...places: readonly (keyof Plugins)[]): void => {
    for (const [index, id] of ids.entries()) {
      const place = places.find((candidate) => defined[candidate].includes(id));
      const where: Path = [...path, index];
      if (ids.indexOf(id) < index) report("error", where, `${id} is named twice`);
      else if (place !== undefined) used[place].add(id);
      else {
        const known = places.flatMap((candidate) => defined[candidate]);
        report("error", where, `${id} is not defined under ${places[0]}; ${suggestion(id, known)}`);
      }
    }
  };

  const extensions: Path = ["service", "extensions"];
  name(list(text).read(service.extensions, extensions, report), extensions, "extensions");

  const pipelines: Pipeline[] = [];
  const read = record(shapeOfPipeline).read(service.pipelines, ["service", "pipelines"], report);
  for (const [id, { receivers = [], processors = [], exporters = [] }] of Object.entries(read)) {
    const path: Path = ["service", "pipelines", id];
    const signal = id.split("/")[0] as Signal;
    if (!signalNames.includes(signal)) {
      report("error", path, `"${signal}" is no signal; ${suggestion(signal, signalNames)}`);
    }
    if (receivers.length === 0) report("error", path, "has no receivers, so nothing would come in");
    if (exporters.length === 0) report("error", path, "has no exporters, so nothing would go out");
    name(receivers, [...path, "receivers"], "receivers", "connectors");
    name(processors, [...path, "processors"], "processors");
    name(exporters, [...path, "exporters"], "exporters", "connectors");
    pipelines.push({ id, signal, receivers, processors, exporters });
  }
  if (pipelines.length === 0) {
    report("error", ["service", "pipelines"], "there must be at least one pipeline, such as traces");
  }

  for (const place of Object.keys(used) as (keyof Plugins)[]) {
    for (const id of defined[place]) {
      const where = place === "extensions" ? "service.extensions" : "a pipeline";
      if (!used[place].has(id)) report("warning", [place, id], `is not named in ${where}, so it is not started`);
    }
  }
  return { pipelines, ...used };
}
