import type { Plugin, PluginKind, Signal, StandardSchema } from "@otlpkit/core";

/** A plugin of one kind, whatever it accepts and makes: only the program that brought it knows. */
export type AnyPlugin<Kind extends PluginKind = PluginKind> = Plugin<Kind, any, any, any>;

/** What a file may name: the plugins of a program. */
export interface Plugins {
  readonly receivers: readonly AnyPlugin<"receiver">[];
  readonly processors: readonly AnyPlugin<"processor">[];
  readonly exporters: readonly AnyPlugin<"exporter">[];
  readonly connectors: readonly AnyPlugin<"connector">[];
  readonly extensions: readonly AnyPlugin<"extension">[];
}

/** The sections of a file that hold components, and the kind of plugin that each holds. */
export const sections: Readonly<Record<keyof Plugins, PluginKind>> = {
  receivers: "receiver",
  processors: "processor",
  exporters: "exporter",
  connectors: "connector",
  extensions: "extension",
};

/** One component that a file configures. */
export interface Component<P> {
  /** As the file names it: `otlp`, `otlp/tenant-a`. */
  readonly id: string;
  readonly plugin: P;
  /** What the plugin's schema made of the section, defaults filled in. */
  readonly config: P extends { readonly config: StandardSchema<infer Config> } ? Config : never;
}

/** The way of one signal: receivers, then processors in their order, then every exporter. Ids of components. */
export interface Pipeline {
  /** As the file names it: `traces`, `traces/slow`. */
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

/** A whole configuration, checked. Only components that are used are in it. */
export interface Configuration<P extends Plugins = Plugins, Service = unknown> {
  readonly receivers: ReadonlyMap<string, Component<P["receivers"][number]>>;
  readonly processors: ReadonlyMap<string, Component<P["processors"][number]>>;
  readonly exporters: ReadonlyMap<string, Component<P["exporters"][number]>>;
  readonly connectors: ReadonlyMap<string, Component<P["connectors"][number]>>;
  /** Those that `service.extensions` names, in its order. */
  readonly extensions: ReadonlyMap<string, Component<P["extensions"][number]>>;
  readonly pipelines: readonly Pipeline[];
  /** The other keys of `service`, as the program's schema reads them. */
  readonly service: Service;
  /** What is odd but no error, a line each with its place: unused components, variables that are not set. */
  readonly warnings: readonly string[];
}
