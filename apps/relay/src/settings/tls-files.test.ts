import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metrics as makeMetrics } from "@otlpkit/telemetry";
import { testServer } from "@otlpkit/testkit/node";
import { expect, it, onTestFinished } from "vitest";
import { remembering } from "../../test/running.ts";
import { noAudit } from "./audit.ts";
import { followTlsFiles } from "./tls-files.ts";

it("a certificate that nears its end is spoken of again and again, also when nobody touches its file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "otlpkit-term-"));
  writeFileSync(join(folder, "cert"), testServer.cert);
  writeFileSync(join(folder, "key"), testServer.key);
  const { validFrom, validTo } = new X509Certificate(testServer.cert);
  const [begins, ends] = [Date.parse(validFrom), Date.parse(validTo)];
  let nowMs = begins + 1000;
  const { log, said } = remembering();
  const letGo: (() => void)[] = [];
  onTestFinished(() => {
    for (const step of letGo) step();
    rmSync(folder, { recursive: true });
  });
  await followTlsFiles(
    {
      certFile: join(folder, "cert"),
      keyFile: join(folder, "key"),
      pollMs: 3_600_000,
      now: () => nowMs,
      remindMs: 5,
    },
    { id: "otlp", log, metrics: makeMetrics(), audit: noAudit, atEnd: (step) => void letGo.push(step) },
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(said).toEqual([expect.stringContaining("loaded a certificate")]);
  const count = (text: string): number => said.filter((line) => line.includes(text)).length;
  nowMs = ends - (ends - begins) / 4;
  await expect.poll(() => count("the certificate ends soon")).toBeGreaterThan(1);
  nowMs = ends + 1;
  await expect.poll(() => count("the certificate in use has ended; renew its file")).toBeGreaterThan(1);
});
