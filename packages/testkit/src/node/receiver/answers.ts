import { byteBudget, ExportError, type ExportErrorCode, type Format } from "@otlpkit/core";
import { check, equal, sameBytes } from "../../cases/check.ts";
import type { Case } from "../../cases/runner.ts";
import { walk } from "../../protobuf.ts";
import { golden } from "../golden.ts";
import { atDoor, type ReceiverSetting } from "./door.ts";
import { tells } from "./expected.ts";

/** What the sender is told: B-05 to B-20, D-04, D-08 to D-17, K-09. */
export function answerCases(setting: ReceiverSetting): Case[] {
  const formats: readonly Format[] = setting.speaks === "http" ? ["protobuf", "json"] : ["protobuf"];
  return formats.flatMap((format) => {
    const words = setting.speaks === "http" ? ` in ${format}` : "";
    const asked = { format };
    const permanent: Readonly<Partial<Record<ExportErrorCode, Parameters<typeof tells>[2]>>> = {
      invalid: "invalid",
      "too-large": "too-large",
      unauthenticated: "unauthenticated",
      forbidden: "forbidden",
    };
    const passing: readonly ExportErrorCode[] = ["unavailable", "overloaded", "timeout"];
    return [
      {
        name: `answers${words} with the golden responses, for every signal [B-05, B-07, B-08, B-09, D-08, D-10, D-11]`,
        run: atDoor(setting, async ({ ask, far }) => {
          for (const { signal, name, binary, json } of golden({ group: "responses" })) {
            if (!signal || !binary || name.endsWith("empty-partial") || name.endsWith("int64max")) continue;
            const expected = JSON.parse(new TextDecoder().decode(json)) as { partialSuccess?: Record<string, string> };
            const { errorMessage = "", ...counts } = expected.partialSuccess ?? {};
            far.script({ rejectedItems: Number(Object.values(counts)[0] ?? 0), message: errorMessage });
            const told = await ask({ signal, format });
            check(told.taken, `${name} is a success`);
            if (format === "protobuf") sameBytes(told.body, binary, name);
            else equal(JSON.parse(new TextDecoder().decode(told.body)), expected, name);
          }
        }),
      },
      {
        name: `gives the rejected count${words} and why [B-07, B-08, D-10, D-11]`,
        run: atDoor(setting, async ({ ask, far }) => {
          far.script({ rejectedItems: 3, message: "three had no name" });
          const { taken, body } = await ask(asked);
          check(taken, "a partial success is a success");
          equal(partialOf(body, format), { rejected: 3, message: "three had no name" }, "the partial success");
        }),
      },
      {
        name: `shortens a long message${words} to fit maxResponseBytes and keeps the count [B-10, B-11, D-16]`,
        run: atDoor(
          setting,
          async ({ ask, far }) => {
            // Three bytes a letter, so that most places are in the middle of one.
            far.script({ rejectedItems: 12_345, message: "€".repeat(100_000) });
            const { taken, body } = await ask(asked);
            check(taken, "it is still a success");
            check(body.length <= 1000, `${body.length} bytes are at most 1000`);
            const { rejected, message } = partialOf(body, format);
            equal(rejected, 12_345, "the rejected count");
            check(/^€+[^€]{0,20}$/u.test(message), "the message is cut between two letters");
          },
          { maxResponseBytes: 1000 },
        ),
      },
      {
        name: `says${words} for good that it failed when not even the count fits maxResponseBytes [B-12, D-16]`,
        run: atDoor(
          setting,
          async ({ ask, far }) => {
            far.script({ rejectedItems: 3, message: "three" });
            const told = await ask(asked);
            equal(told.code, setting.speaks === "http" ? 500 : 8, "the status");
            check(!told.retryable, "it is not to be sent again");
          },
          { maxResponseBytes: 1 },
        ),
      },
      ...Object.entries(permanent).map(([code, meaning]) => ({
        name: `tells${words} of ${code} in the pipeline [B-14, B-20, D-04, D-12, D-14, D-17]`,
        run: atDoor(setting, async ({ ask, far }) => {
          far.script(new ExportError(code as ExportErrorCode, "as the pipeline says"));
          const told = await ask(asked);
          tells(setting, told, meaning, code);
          check(told.message.includes("as the pipeline says"), `"${told.message}" says why`);
        }),
      })),
      {
        name: `tells${words} of every other permanent failure as permanent [B-16, B-20, D-17]`,
        run: atDoor(setting, async ({ ask, far }) => {
          const failures = [
            new ExportError("unsupported", "the far side does not know it"),
            new ExportError("rejected", "no"),
            new ExportError("bad-response", "the answer was too large"),
            new ExportError("unavailable", "declared permanent", { retryable: false }),
            new ExportError("rejected", "declared permanent", { grpcStatus: 14 }),
            new ExportError("rejected", "a precondition", { grpcStatus: 9 }),
          ];
          for (const failure of failures) {
            far.script(failure);
            const told = await ask(asked);
            check(
              !told.taken && !told.retryable,
              `${failure.code} (${failure.message}) is permanent, not ${told.code}`,
            );
          }
        }),
      },
      ...passing.map((code) => ({
        name: `tells${words} of ${code} in the pipeline as something that passes [B-13, B-15, D-15, D-17]`,
        run: atDoor(setting, async ({ ask, far }) => {
          far.script(new ExportError(code, "as the pipeline says"));
          const told = await ask(asked);
          check(told.retryable, `${told.code} may be sent again`);
          if (setting.speaks === "grpc") equal(told.code, 14, "the status");
        }),
      })),
      {
        name: `asks${words} for the wait that the pipeline asks for, in full seconds over HTTP [B-13, B-15, B-17, D-15, K-09]`,
        run: atDoor(setting, async ({ ask, far }) => {
          for (const retryAfterMs of [250, 1000, 5500]) {
            far.script(new ExportError("overloaded", "come back", { retryAfterMs }));
            const expected = setting.speaks === "http" ? Math.ceil(retryAfterMs / 1000) * 1000 : retryAfterMs;
            equal((await ask(asked)).retryAfterMs, expected, `the wait for ${retryAfterMs} ms`);
          }
        }),
      },
      {
        name: `survives${words} a pipeline that throws something unforeseen [B-14, D-12]`,
        run: atDoor(setting, async ({ ask, far }) => {
          far.script(() => {
            throw new TypeError("undefined is not a function");
          });
          const told = await ask(asked);
          check(!told.taken && !told.retryable, `${told.code} is a permanent failure`);
          far.script({ rejectedItems: 0, message: "" });
          check((await ask(asked)).taken, "the next request is taken");
        }),
      },
      {
        name: `refuses${words} for the moment what does not fit its budget, and gives back what it took [B-13, D-15]`,
        run: async () => {
          const budget = byteBudget(10_000);
          await atDoor(
            setting,
            async ({ ask }) => {
              check((await ask(asked)).taken, "a small request is taken");
              equal(budget.usedBytes, 0, "bytes in use after the answer");
              budget.reserve(9_990);
              tells(setting, await ask(asked), "busy", "a request without room");
              budget.release(9_990);
              check((await ask(asked)).taken, "a request with room again is taken");
              equal(budget.usedBytes, 0, "bytes in use in the end");
            },
            { budget },
          )();
        },
      },
    ];
  });
}

/** Reads a partial success, by hand. */
function partialOf(body: Uint8Array, format: Format): { rejected: number; message: string } {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  if (format === "json") {
    const { partialSuccess = {} } = JSON.parse(decoder.decode(body)) as { partialSuccess?: Record<string, string> };
    const { errorMessage = "", ...counts } = partialSuccess;
    return { rejected: Number(Object.values(counts)[0] ?? 0), message: errorMessage };
  }
  let rejected = 0;
  let message = "";
  walk(body, (_, __, start, end) =>
    walk(
      body,
      (field, wire, from, to) => {
        if (field === 2) message = decoder.decode(body.subarray(from, to));
        for (let at = to - 1; field === 1 && wire === 0 && at >= from; at--) {
          rejected = rejected * 128 + ((body[at] ?? 0) & 127);
        }
      },
      start,
      end,
    ),
  );
  return { rejected, message };
}
