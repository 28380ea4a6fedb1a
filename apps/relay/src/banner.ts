import type { Signal } from "@otlpkit/core";
import type { Relay } from "./start-relay.ts";

/** A whole request, short enough to be read: an id that is nobody's makes the first span easy to find. */
const firstSpan = `
  {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hello"}}]},
  "scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",
  "name":"first span","startTimeUnixNano":"TIME","endTimeUnixNano":"TIME"}]}]}]}`;

/** What someone wants to know who has just started a relay: where things come in, go to, and can be looked at. */
export function banner(
  relay: Pick<Relay, "doors" | "destinations" | "extensions" | "status">,
  { version, source, color }: { version: string; source: string; color: boolean },
): string {
  const bold = (text: string): string => (color ? `\u001B[1m${text}\u001B[0m` : text);
  const dim = (text: string): string => (color ? `\u001B[2m${text}\u001B[0m` : text);
  const rows: [string, string, string, string][] = [
    ...relay.doors.map(({ label, url, signals }): [string, string, string, string] => [
      "receives",
      label,
      url,
      signalList(signals),
    ]),
    ...[...relay.destinations].map(([, { label, target, signals }]): [string, string, string, string] => [
      "delivers",
      label,
      target,
      signalList(signals),
    ]),
    ...(relay.status === undefined
      ? []
      : [["status", "", relay.status, "/healthz /readyz /status /metrics"] satisfies [string, string, string, string]]),
    ...relay.extensions.map(({ id, address = "" }): [string, string, string, string] => ["extension", id, address, ""]),
  ];
  const width = (column: 1 | 2): number => Math.max(...rows.map((row) => row[column].length));
  const [labelWidth, targetWidth] = [width(1), Math.min(48, width(2))];
  const lines = rows.map(([head, label, target, rest], index) => {
    const shown = rows[index - 1]?.[0] === head ? "" : head;
    const line = `  ${bold(shown.padEnd(10))} ${label.padEnd(labelWidth)}  ${target.padEnd(targetWidth)}  ${dim(rest)}`;
    return line.trimEnd();
  });
  const notes = [...relay.destinations].flatMap(([id, { notes: own }]) =>
    own.map((note) => `  ${dim(`${id}: ${note}`)}`),
  );
  const http = relay.doors.find(({ label, signals }) => label === "HTTP" && signals.includes("traces"));
  const first =
    http === undefined || !http.url.startsWith("http:") ? [] : ["", `  ${bold("try it")}`, `  ${curl(http.url)}`];
  return ["", `${bold("otlpkit relay")} ${version}  ${dim(source)}`, "", ...lines, ...notes, ...first, "", ""].join(
    "\n",
  );
}

/** All four are not worth a list. */
function signalList(signals: readonly Signal[]): string {
  return signals.length === 4 ? "all signals" : signals.join(" ");
}

function curl(url: string): string {
  const now = `${Date.now()}000000`;
  // An address that means "all" is none to send to.
  const target = url.replace("//[::]:", "//localhost:").replace("//0.0.0.0:", "//localhost:");
  return `curl -i ${target}/v1/traces -H 'content-type: application/json' -d '${firstSpan.replaceAll("TIME", now)}'`;
}
