/**
 * Where in a JSON text a byte stands, as people write it: "resourceSpans[0].scopeSpans[0].spans[2].traceId".
 *
 * Walks the text from the start, so that the reader need not keep track: only an error asks. What stands before the byte
 * must have been read without complaint. Keys that are not plain words appear as "?", deep paths lose their middle.
 */
export function jsonPath(json: Uint8Array, offset: number): string {
  // One entry a container that is open: a key or nothing yet for an object, a place for an array.
  const open: (string | number | undefined)[] = [];
  let textFrom = 0;
  let textTo = 0;
  for (let at = 0; at < offset; at++) {
    switch (json[at]) {
      case 0x22: // "
        textFrom = at + 1;
        for (at++; at < offset && json[at] !== 0x22; at++) if (json[at] === 0x5c) at++;
        textTo = at;
        break;
      case 0x3a: // :
        open[open.length - 1] = keyName(json, textFrom, textTo);
        break;
      case 0x2c: {
        const last = open.at(-1);
        open[open.length - 1] = typeof last === "number" ? last + 1 : undefined;
        break;
      }
      case 0x7b: // {
        open.push(undefined);
        break;
      case 0x5b: // [
        open.push(0);
        break;
      case 0x7d:
      case 0x5d:
        open.pop();
        break;
      default:
    }
  }
  return write(open);
}

function keyName(json: Uint8Array, from: number, to: number): string {
  if (to - from > 40) return "?";
  const name = String.fromCharCode(...json.subarray(from, to));
  return /^\w+$/.test(name) ? name : "?";
}

function write(open: readonly (string | number | undefined)[]): string {
  let path = "";
  for (const [i, step] of open.entries()) {
    if (open.length > 24 && i === 12) path += "…";
    if ((open.length > 24 && i >= 12 && i < open.length - 6) || step === undefined) continue;
    if (typeof step === "number") path += `[${step}]`;
    else path += path === "" ? step : `.${step}`;
  }
  return path;
}
