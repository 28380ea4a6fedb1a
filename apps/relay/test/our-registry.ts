import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** A registry for packages that are not published yet. */
export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the tarballs of a folder on this machine, as npm and pnpm ask for them. */
export async function registryOf(folder: string): Promise<Registry> {
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url ?? "").slice(1);
    const found = name.endsWith(".tgz") ? tarballs.get(name) : documents.get(name);
    if (found === undefined) response.statusCode = 404;
    response.end(found);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  const tarballs = new Map<string, Buffer>();
  const documents = new Map<string, string>();
  for (const file of await readdir(folder)) {
    const tarball = await readFile(join(folder, file));
    const { stdout } = await exec("tar", ["-xzOf", join(folder, file), "package/package.json"]);
    const manifest = JSON.parse(stdout) as { readonly name: string; readonly version: string };
    const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
    const version = { ...manifest, dist: { tarball: url + file, integrity } };
    tarballs.set(file, tarball);
    documents.set(
      manifest.name,
      JSON.stringify({
        name: manifest.name,
        "dist-tags": { latest: manifest.version },
        versions: { [manifest.version]: version },
      }),
    );
  }
  return {
    url,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
