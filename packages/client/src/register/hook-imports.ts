import { createRequire, register } from "node:module";
import { pathToFileURL } from "node:url";

interface SyncHooks {
  supportsSyncHooks(): boolean;
  register(): void;
}

/**
 * Lets instrumentations change what is imported, and not only what is required, by the `import-in-the-middle` that they
 * bring: within this thread where it and Node can, as the other way takes a thread of its own and Node 26 warns of it.
 *
 * @param instrumentation the path of one of them
 */
export function hookImports(instrumentation: string): void {
  try {
    const require = createRequire(createRequire(instrumentation).resolve("@opentelemetry/instrumentation"));
    const hooks = syncHooks(require);
    if (hooks?.supportsSyncHooks() === true) hooks.register();
    else register(pathToFileURL(require.resolve("import-in-the-middle/hook.mjs")));
  } catch {
    // Without a hook they still change what is required, which is most.
  }
}

/** Undefined before `import-in-the-middle` 3. */
function syncHooks(require: NodeJS.Require): SyncHooks | undefined {
  try {
    return require("import-in-the-middle/register-hooks.mjs") as SyncHooks;
  } catch {
    return undefined;
  }
}
