import { real, startOpenBao } from "@otlpkit/tool-real";
import { describe } from "vitest";
import { vaultCases } from "./vault-cases.ts";

const openBao = await real("openbao");
describe.skipIf(openBao === undefined)("vault, before an OpenBao", () => {
  vaultCases(async () => {
    const server = await startOpenBao(openBao!);
    return {
      url: server.url,
      rootToken: server.rootToken,
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      close: () => server.close(),
    };
  });
});
