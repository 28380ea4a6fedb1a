// A program as users write it: records so many spans as fast as it can, closes the client, and says what the client counted.
// Words: URL PROTOCOL SPANS [exit]; "exit" leaves the flush to the end of the process.
import { createClient, type Protocol } from "@otlpkit/client";

const [endpoint = "", protocol = "", spans = "", how = "close"] = process.argv.slice(2);
const client = createClient({ endpoint, protocol: protocol as Protocol, environment: false });
const at = Date.now();
for (let index = 0; index < Number(spans); index++) {
  client.recordSpan({
    name: `step ${index}`,
    spanId: (index + 1).toString(16).padStart(16, "0"),
    start: at,
    end: at + 1,
    attributes: { index, "http.route": "/cart/:id" },
  });
}
if (how === "close") {
  const report = await client.close({ timeoutMs: 30_000 });
  console.log(JSON.stringify({ report, counters: client.counters("traces") }));
} else {
  process.on("exit", () => console.log(JSON.stringify({ counters: client.counters("traces") })));
}
