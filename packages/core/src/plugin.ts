/**
 * A schema of any library that follows the Standard Schema convention (valibot, zod, arktype …), so that the author of
 * a plugin chooses the validator. Only what we call is named here. See https://standardschema.dev
 */
export interface StandardSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema says: the value with defaults filled in, or what is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing wrong, and where. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a plugin can be. */
export type PluginKind = "receiver" | "processor" | "exporter" | "connector" | "extension";

/**
 * A part that a configuration file can name: what it is, what it is called, what it accepts, and how one is made. What
 * `create` is given besides its configuration, and what it returns, is up to the program that takes plugins of a kind.
 */
export interface Plugin<Kind extends PluginKind, Config, Context, Made> {
  readonly kind: Kind;
  /** The name in the file, the type part of `type/name`. The first is the one that we print; the others are aliases. */
  readonly names: readonly [string, ...string[]];
  readonly config: StandardSchema<Config>;
  create(config: Config, context: Context): Made;
}

/** Checks a plugin's shape and infers its types. */
export function definePlugin<Kind extends PluginKind, Config, Context, Made>(
  plugin: Plugin<Kind, Config, Context, Made>,
): Plugin<Kind, Config, Context, Made> {
  return plugin;
}
