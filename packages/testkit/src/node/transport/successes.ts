import { accepts, equal } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import { golden, goldenCase } from "../golden.ts";
import { goldenBatch, onBench, sendInto, type TransportSetting } from "./bench.ts";

/** What counts as taken: group G, C-13 to C-15. */
export function successCases(setting: TransportSetting): Case[] {
  return [
    {
      name: "reads every golden response of every signal [C-13, G-02, G-03, G-04]",
      run: onBench(setting, async ({ backend, sender }) => {
        for (const { signal, name, binary, json } of golden({ group: "responses" })) {
          if (!signal || !binary || name.endsWith("int64max")) continue;
          backend.script({ kind: "ok", body: binary });
          const expected = JSON.parse(new TextDecoder().decode(json)) as { partialSuccess?: Record<string, string> };
          const { errorMessage = "", ...counts } = expected.partialSuccess ?? {};
          const rejectedItems = Number(Object.values(counts)[0] ?? 0);
          equal(await sender.send(goldenBatch(signal), {}), { rejectedItems, message: errorMessage }, name);
        }
      }),
    },
    {
      name: "survives a rejected count that no JS number can hold [G-05]",
      run: onBench(setting, async (bench) => {
        const { binary } = goldenCase("responses", "traces-partial-int64max");
        const { rejectedItems } = await sendInto(bench, { kind: "ok", body: binary ?? new Uint8Array() });
        equal(rejectedItems, Number.MAX_SAFE_INTEGER, "rejected items");
      }),
    },
    {
      name: "makes one request for a partial success [G-01]",
      run: onBench(setting, async (bench) => {
        await sendInto(bench, { kind: "ok", rejectedItems: 1, message: "one" });
        equal(bench.backend.requests.length, 1, "requests");
      }),
    },
    ...(setting.speaks === "http" ? httpOnly(setting) : []),
  ];
}

function httpOnly(setting: TransportSetting): Case[] {
  const text = new TextEncoder();
  return [
    {
      name: "reads the response in the encoding that its header names, whatever was sent [C-13]",
      run: onBench(setting, async (bench) => {
        const { json } = goldenCase("responses", "traces-partial");
        const headers = { "content-type": "Application/JSON; charset=UTF-8" };
        const ack = await sendInto(bench, { kind: "ok", body: json ?? new Uint8Array(), headers });
        const { partialSuccess } = JSON.parse(new TextDecoder().decode(json)) as {
          partialSuccess: Record<string, string>;
        };
        equal(ack.rejectedItems, Number(partialSuccess["rejectedSpans"]), "rejected items");
      }),
    },
    {
      name: "reads the rejected count of JSON as a string and as a number [G-05]",
      run: onBench(setting, async (bench) => {
        const headers = { "content-type": "application/json" };
        for (const count of ['"7"', "7"]) {
          const body = text.encode(`{"partialSuccess":{"rejectedSpans":${count}}}`);
          equal((await sendInto(bench, { kind: "ok", body, headers })).rejectedItems, 7, `count ${count}`);
        }
      }),
    },
    {
      name: "takes a 2xx with an empty, foreign or broken body for a success [C-14]",
      run: onBench(setting, async (bench) => {
        const bodies: readonly (readonly [string, string])[] = [
          ["application/json", ""],
          ["application/json", "{ not json"],
          ["text/plain", "OK"],
          ["text/html", "<html>fine</html>"],
          ["application/x-protobuf", "<html>fine</html>"],
          ["", ""],
        ];
        for (const [type, body] of bodies) {
          const answer = { kind: "ok", body: text.encode(body), headers: { "content-type": type } } as const;
          accepts(await sendInto(bench, answer), `"${body}" as "${type}"`);
        }
      }),
    },
    {
      name: "takes 202 and 204 for a success [C-15]",
      run: onBench(setting, async (bench) => {
        for (const httpStatus of [202, 204])
          accepts(await sendInto(bench, { kind: "ok", httpStatus }), String(httpStatus));
      }),
    },
  ];
}
