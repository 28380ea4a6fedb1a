// The client in a page of a real browser, from one origin to a relay's door at another: with CORS, gzip, and a page that is
// left before anything was sent. The bundle is made as its users make theirs.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { gzip } from "@otlpkit/compression";
import { accepted, type Batch, type Listening, type Sender } from "@otlpkit/core";
import { scan } from "@otlpkit/otlp";
import { httpReceiver } from "@otlpkit/transport-http/server";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright";
import { build, defaultClientConditions } from "vite";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Launch options of the Chromium that the run has found; null: none, and the run has said so. */
    readonly chromium: { readonly executablePath: string; readonly env: Record<string, string> } | null;
  }
}

const found = inject("chromium");

describe.skipIf(found === null)("the client in a page", () => {
  let pages: Server;
  let origin: string;
  let browser: Browser;
  let context: BrowserContext;
  let door: Listening;
  let script: string;
  let batches: Batch[] = [];

  beforeAll(async () => {
    script = await bundle();
    pages = createServer((request, response) => {
      const isScript = request.url?.endsWith(".js") === true;
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      // No eval, no inline code: what a strict page allows.
      response.setHeader("content-security-policy", "default-src 'self'; connect-src *");
      response.end(isScript ? script : `<!doctype html><script type="module" src="/page.js"></script>`);
    });
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    const keep: Sender = {
      async send(batch) {
        batches.push(batch);
        return accepted;
      },
      async close() {},
    };
    door = await httpReceiver({ port: 0, compressors: [gzip()], cors: { allowedOrigins: [origin] } }).listen(keep);
    const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
    browser = await chromium.launch({ ...found, args });
    context = await browser.newContext();
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await door.close({ graceMs: 500 });
    await new Promise((resolve) => pages.close(resolve));
  });

  async function open(words: { readonly [word: string]: string | undefined } = {}): Promise<Page> {
    batches = [];
    const page = await context.newPage();
    page.on("pageerror", (error) => {
      throw error;
    });
    const query = new URLSearchParams({ endpoint: `http://${door.address}`, ...(words as Record<string, string>) });
    await page.goto(`${origin}/?${query.toString()}`);
    await page.waitForFunction(() => "record" in window);
    return page;
  }

  const spans = (): number => batches.reduce((sum, { signal, body }) => sum + scan(signal, body), 0);

  it.each([{}, { compression: "gzip" }, { protocol: "json" }])("delivers across origins (%o)", async (words) => {
    const page = await open(words);
    await page.evaluate(() => window.record(1000, 100));
    expect(await page.evaluate(() => window.flush())).toEqual({ failed: 0, left: 0 });
    expect(spans()).toBe(1000);
    expect(await page.evaluate(() => window.counters())).toMatchObject({ accepted: 1000, delivered: 1000, pending: 0 });
    await page.close();
  });

  it.each([{}, { compression: "gzip" }])("delivers what it holds when the page is left (%o)", async (words) => {
    const page = await open(words);
    await page.evaluate(() => window.record(10, 100));
    await page.goto("about:blank");
    await arrived(10);
    await page.close();
  });

  it("delivers what it holds when the page is closed", async () => {
    const page = await open();
    await page.evaluate(() => window.record(10, 100));
    await page.close({ runBeforeUnload: true });
    await arrived(10);
  });

  it("delivers as much of a lot as a browser lets outlive its page, in pieces that fit", async () => {
    const page = await open();
    // Two chunks and a bit at once, more than the 64 KiB that may be under way.
    await page.evaluate(() => window.record(100, 400));
    await page.goto("about:blank");
    await arrived(100);
    for (const { body } of batches) expect(body.byteLength).toBeLessThanOrEqual(64 * 1024);
    await page.close();
  });

  async function arrived(count: number): Promise<void> {
    await expect.poll(spans, { timeout: 5000 }).toBe(count);
  }
});

async function bundle(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: "silent",
    resolve: { conditions: ["@otlpkit/source", ...defaultClientConditions] },
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      rollupOptions: {
        input: fileURLToPath(new URL("page.ts", import.meta.url)),
        output: { codeSplitting: false },
      },
    },
  });
  const [output] = [made].flat();
  if (output === undefined || !("output" in output)) throw new Error("vite made no bundle");
  return output.output[0].code;
}
