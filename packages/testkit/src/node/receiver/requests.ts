import { signalNames } from "@otlpkit/core";
import { gzipSync } from "node:zlib";
import { check, equal, sameBytes } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import { itemIds } from "../../item-ids.ts";
import { seeded } from "../../seeded.ts";
import { golden, goldenCase } from "../golden.ts";
import { atDoor, type ReceiverSetting, requestOf } from "./door.ts";
import { tells } from "./expected.ts";

/** What is let in and what is not: groups B and D. */
export function incomingCases(setting: ReceiverSetting): Case[] {
  return [
    {
      name: "hands every golden request to the pipeline byte for byte [B-01, D-01, M-01, N1-04]",
      run: atDoor(setting, async ({ ask, far }) => {
        for (const { signal, binary, name } of golden({ group: "edge" })) {
          if (!signal || !binary) continue;
          const before = far.batches.length;
          const told = await ask({ signal, body: binary });
          check(told.taken, `${name} is taken, not ${told.code} "${told.message}"`);
          const batch = far.batches[before];
          // A receiver may drop what has no items (N1-04).
          const items = signal === "profiles" ? undefined : itemIds(signal, binary).length;
          if (!batch && items === 0) continue;
          check(batch !== undefined, `${name} reaches the pipeline`);
          sameBytes(batch.body, binary, name);
          equal([batch.signal, batch.format, batch.encoding], [signal, "protobuf", "identity"], name);
          if (items !== undefined) equal(batch.items, items, `items of ${name}`);
        }
      }),
    },
    {
      name: "takes what is unusual and legal on the wire [M-02, M-38, M-40]",
      run: atDoor(setting, async ({ ask, far }) => {
        for (const { signal, binary, name, known } of golden({ group: "binary-only" })) {
          if (!signal || !binary || !known) continue;
          const told = await ask({ signal, body: binary });
          check(told.taken, `${name} is taken, not ${told.code} "${told.message}"`);
          // A receiver may drop what has no items (N1-04).
          if (signal !== "profiles" && itemIds(signal, known.binary).length === 0) continue;
          sameBytes(far.batches.at(-1)?.body ?? new Uint8Array(), binary, name);
        }
      }),
    },
    {
      name: "refuses every malformed request as invalid, and the next one is served [B-14, D-14]",
      run: atDoor(setting, async ({ ask, far }) => {
        for (const { signal, binary, name, expect } of golden({ group: "binary-only" })) {
          if (!signal || !binary || !expect.startsWith("MUST reject")) continue;
          tells(setting, await ask({ signal, body: binary }), "invalid", name);
        }
        // The end of a group that never began, and the wire types that do not exist.
        for (const tag of [0x0c, 0x0e, 0x0f, 0x6e]) {
          tells(setting, await ask({ body: Uint8Array.of(tag, 1, 2, 3) }), "invalid", `tag ${tag}`);
        }
        equal(far.batches.length, 0, "batches that reached the pipeline");
        check((await ask()).taken, "a good request after the bad ones is taken");
      }),
    },
    {
      name: "refuses or passes on text that is not UTF-8 and nesting ten thousand deep, and goes on [B-14, D-14]",
      run: atDoor(setting, async ({ ask, far }) => {
        for (const name of ["invalid-utf8-ff", "invalid-utf8-surrogate", "deep-10000-levels"]) {
          const { binary } = goldenCase("binary-only", name);
          const body = binary ?? new Uint8Array();
          const told = await ask({ body });
          if (told.taken) sameBytes(far.batches.at(-1)?.body ?? new Uint8Array(), body, name);
          else tells(setting, told, "invalid", name);
        }
        check((await ask()).taken, "a good request after the bad ones is taken");
      }),
    },
    {
      name: "does not fall over when the data of one signal come as another [D-21]",
      run: atDoor(setting, async ({ ask }) => {
        const told = await ask({ signal: "traces", body: requestOf("logs") });
        if (!told.taken) tells(setting, told, "invalid", "logs sent as traces");
        check((await ask()).taken, "a good request after the bad one is taken");
      }),
    },
    {
      name: "takes an empty request of every signal [B-06, D-09]",
      run: atDoor(setting, async ({ ask }) => {
        for (const signal of signalNames) {
          const told = await ask({ signal, body: new Uint8Array() });
          check(told.taken, `an empty request of ${signal} is taken, not ${told.code} "${told.message}"`);
          equal(told.body.length, 0, `bytes of the answer to ${signal}`);
        }
      }),
    },
    {
      name: "undoes gzip, of several members too [B-01, D-01]",
      run: atDoor(setting, async ({ ask, far }) => {
        for (const name of ["traces-full.gz", "traces-full.multimember.gz"]) {
          const { binary } = goldenCase("gzip", name);
          const told = await ask({ body: binary ?? new Uint8Array(), encoding: "gzip" });
          check(told.taken, `${name} is taken, not ${told.code} "${told.message}"`);
          sameBytes(far.batches.at(-1)?.body ?? new Uint8Array(), requestOf("traces"), name);
          equal(far.batches.at(-1)?.encoding, "identity", `encoding of ${name} in the pipeline`);
        }
      }),
    },
    {
      name: "refuses damaged gzip as invalid [D-14]",
      run: atDoor(setting, async ({ ask, far }) => {
        for (const name of ["truncated.gz", "badcrc.gz"]) {
          const { binary } = goldenCase("gzip", name);
          tells(setting, await ask({ body: binary ?? new Uint8Array(), encoding: "gzip" }), "invalid", name);
        }
        equal(far.batches.length, 0, "batches that reached the pipeline");
      }),
    },
    {
      name: "refuses a compression that it does not know [D-18, D-19]",
      run: atDoor(setting, async ({ ask }) => {
        tells(setting, await ask({ encoding: "lzma" }), "unknown compression", "lzma");
      }),
    },
    {
      name: "refuses a signal that it is not to take [B-19, D-18]",
      run: atDoor(
        setting,
        async ({ ask }) => {
          tells(setting, await ask({ signal: "profiles" }), "no such signal", "profiles");
          check((await ask()).taken, "traces are taken");
        },
        { signals: ["traces", "logs"] },
      ),
    },
    {
      name: "copies the headers to the batch that it is told to, and no others",
      run: atDoor(
        setting,
        async ({ ask, far }) => {
          await ask({ headers: { "x-tenant": "blue", "x-other": "no" } });
          await ask();
          equal(
            far.batches.map(({ headers }) => headers),
            [{ "x-tenant": "blue" }, {}],
            "headers of the batches",
          );
        },
        { onwardHeaders: ["x-tenant"] },
      ),
    },
    ...sizeCases(setting),
  ];
}

/** Limits at one below, at and one above: B-02 to B-04, D-02, D-03, N1-01, N1-02. */
function sizeCases(setting: ReceiverSetting): Case[] {
  const { body } = seeded(1).traces({ items: 50 });
  const compressed = new Uint8Array(gzipSync(body));
  const cases: Case[] = [-1, 0, 1].flatMap((more) =>
    (["plain", "gzip"] as const).map((kind) => ({
      name: `${more > 0 ? "refuses as too large" : "takes"} a ${kind} request of ${
        more === 0 ? "exactly" : more > 0 ? "one byte more than" : "one byte less than"
      } maxRequestBytes [B-02, B-04, D-02, D-03, N1-01]`,
      run: atDoor(
        setting,
        async ({ ask, far }) => {
          const told = await ask(kind === "gzip" ? { body: compressed, encoding: "gzip" } : { body });
          if (more > 0) tells(setting, told, "too-large", `${more} byte more`);
          else check(told.taken, `it is taken, not ${told.code} "${told.message}"`);
          equal(far.batches.length, more > 0 ? 0 : 1, "batches that reached the pipeline");
        },
        { maxRequestBytes: body.length - more },
      ),
    })),
  );
  return [
    ...cases,
    {
      name: "takes five megabytes with its default limits [B-03]",
      run: atDoor(setting, async ({ ask }) => {
        const large = seeded(1).traces({ items: 12_000 });
        const told = await ask({ body: large.body });
        check(told.taken, `it is taken, not ${told.code} "${told.message}"`);
      }),
    },
    {
      name: "refuses a bomb of 65 MiB in 66 KB as too large with its default limits [B-02, D-02]",
      run: atDoor(setting, async ({ ask, far }) => {
        const { binary } = goldenCase("gzip", "bomb-65MiB.gz");
        tells(setting, await ask({ body: binary ?? new Uint8Array(), encoding: "gzip" }), "too-large", "the bomb");
        equal(far.batches.length, 0, "batches that reached the pipeline");
      }),
    },
  ];
}
