import { ExportError } from "@otlpkit/core";
import type { Secrets } from "../secret.ts";
import { vaultPath } from "./address.ts";
import { objectAt, secretsOf, textAt } from "./fields.ts";
import type { VaultRequest } from "./exchange.ts";

type Json = Readonly<Record<string, unknown>>;

/** Where a key-value engine is. */
export interface VaultMount {
  /** "secret", "teams/shop/kv". */
  readonly path: string;
  /** Of the engine: 2 keeps older versions of a secret. */
  readonly version: 1 | 2;
}

/** Reads secrets of the key-value engine, version 1 or 2, by the paths that people write: "secret/shop/database". */
export function keyValue(authorized: (request: VaultRequest) => Promise<Json>): {
  read(path: string, mount: VaultMount | undefined): Promise<Secrets>;
} {
  const mounts = new Set<VaultMount>();

  async function mountOf(path: string): Promise<VaultMount> {
    for (const mount of mounts) if (path.startsWith(`${mount.path}/`)) return mount;
    const asked = `sys/internal/ui/mounts/${vaultPath(path)}`;
    const data = objectAt(await authorized({ method: "GET", path: asked }), "data", asked);
    if (data["type"] !== "kv" && data["type"] !== "generic") {
      throw new ExportError("unsupported", `"${path}" is not in a key-value engine; use leased() for dynamic secrets`);
    }
    const { version } = (data["options"] ?? {}) as { readonly version?: unknown };
    const mount: VaultMount = {
      path: textAt(data, "path", asked).replace(/\/$/, ""),
      version: version === "2" ? 2 : 1,
    };
    mounts.add(mount);
    return mount;
  }

  return {
    async read(path, given) {
      vaultPath(path);
      const plain = path.replace(/^\/+|\/+$/g, "");
      const mount = given ?? (await mountOf(plain));
      if (!plain.startsWith(`${mount.path}/`)) {
        throw new ExportError("invalid", `the secret "${plain}" is not below the mount "${mount.path}"`);
      }
      const rest = vaultPath(plain.slice(mount.path.length + 1));
      const asked = mount.version === 2 ? `${vaultPath(mount.path)}/data/${rest}` : `${vaultPath(mount.path)}/${rest}`;
      const data = objectAt(await authorized({ method: "GET", path: asked }), "data", asked);
      return secretsOf(mount.version === 2 ? objectAt(data, "data", asked) : data);
    },
  };
}
