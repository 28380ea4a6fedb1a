import { spans } from "../items.ts";
import { hold, type Scenario, type Stage } from "../scenario.ts";
import type { SubjectOptions } from "../subject.ts";

const standard = /OTel-OTLP-Exporter-[\w-]+\/\d+\.\d+\.\d+/;

/** How a subject names itself. */
export const userAgentScenarios: readonly Scenario[] = [
  {
    ids: ["J-01", "A-26", "J-03"],
    title: "the User-Agent names exporter, language and version",
    async run(stage) {
      const found = await userAgent(stage, {});
      hold(standard.test(found), found);
    },
  },
  {
    ids: ["J-02"],
    title: "a product can be put in front of it",
    async run(stage) {
      const found = await userAgent(stage, { userAgent: "shop/1.4" });
      hold(found.startsWith("shop/1.4 ") && standard.test(found), found);
    },
  },
  {
    ids: ["J-04"],
    title: "a user-agent among the headers does not make two headers of it",
    async run(stage) {
      const found = await userAgent(stage, { headers: { "user-agent": "mine/1" } });
      hold(!found.includes(","), found);
    },
  },
];

async function userAgent(stage: Stage, options: SubjectOptions): Promise<string> {
  const backend = await stage.backend();
  const outcome = await stage.subject({ ...options, url: backend.url }).export(spans(1));
  hold(outcome.ok, outcome.message);
  return backend.requests[0]?.headers["user-agent"] ?? "none";
}
