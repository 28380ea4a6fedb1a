import { ConfigurationError } from "@otlpkit/config";
import { describe, expect, it } from "vitest";
import { configured } from "../test/running.ts";

const yaml = (started: string): string => `receivers:
  otlp:
    protocols:
      grpc: { auth: { authenticator: oidc/door } }
      http:
exporters:
  otlp:
    endpoint: "https://a.example"
    auth: { authenticator: oauth2client }
    sending_queue: { storage: file_storage }
  otlphttp/unused: { endpoint: "https://b.example", auth: { authenticator: nobody } }
extensions:
  file_storage:
  bearertokenauth: { token: t }
service:
  extensions: [${started}]
  pipelines:
    traces: { receivers: [otlp], exporters: [otlp] }
`;

describe("references to extensions", () => {
  it("that are not started are all found before anything is, each in its place", async () => {
    const advice = "is not started; define it under extensions and name it in service.extensions";
    const error = await configured(yaml("bearertokenauth")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message.split("\n")).toEqual([
      `relay.yaml:4:23 receivers.otlp.protocols.grpc.auth.authenticator: the extension oidc/door ${advice} (started: bearertokenauth)`,
      `relay.yaml:9:13 exporters.otlp.auth.authenticator: the extension oauth2client ${advice} (started: bearertokenauth)`,
      `relay.yaml:10:22 exporters.otlp.sending_queue.storage: the extension file_storage ${advice} (started: bearertokenauth)`,
    ]);
    await expect(configured(yaml(""))).rejects.toThrow("(none is started)");
  });

  it("to those that are started are none to worry about", async () => {
    const good = yaml("file_storage, bearertokenauth").replaceAll(/oidc\/door|oauth2client/gu, "bearertokenauth");
    expect((await configured(good)).warnings).toHaveLength(1);
  });
});
