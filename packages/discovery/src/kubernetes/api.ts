import { ExportError } from "@otlpkit/core";
import { sourceHttp, type SourceAnswer, type SourceHttp, type SourceStream } from "../http/source-http.ts";
import type { Time } from "../time.ts";
import type { KubernetesAccess, KubernetesSession } from "./access.ts";

/** A question to the API server. */
export interface KubernetesRequest {
  /** Where, from the namespace that is wanted (or else our own): "/apis/…/namespaces/NAME/…". */
  readonly path: (namespace: string) => string;
  /** What is needed for it, for the message when it is not allowed: "list". */
  readonly verb: "list" | "watch";
  readonly signal: AbortSignal;
}

/** The API server, for those who may ask it. */
export interface KubernetesApi {
  ask(request: KubernetesRequest): Promise<SourceAnswer>;
  /** The answer as it comes; keeps no process alive. */
  open(request: KubernetesRequest): Promise<SourceStream>;
  close(): void;
}

/** Asks with the token of the moment; when it is refused, once more with another. */
export function kubernetesApi(
  access: KubernetesAccess,
  allowCleartext: boolean,
  timeoutMs: number,
  time: Time,
): KubernetesApi {
  let http: SourceHttp | undefined;
  let url: string | undefined;
  let session: KubernetesSession | undefined;

  async function client(refused: boolean, signal: AbortSignal): Promise<SourceHttp> {
    session = await access.session(refused, signal);
    if (http === undefined || url !== session.url) {
      http?.close();
      url = session.url;
      const tls = (): KubernetesSession["tls"] => session?.tls ?? {};
      http = sourceHttp({ name: "kubernetes", url, tls, allowCleartext, timeoutMs }, time);
    }
    return http;
  }

  async function exchange<Answer extends SourceAnswer | SourceStream>(
    { path, verb, signal }: KubernetesRequest,
    send: (http: SourceHttp, request: Parameters<SourceHttp["ask"]>[0]) => Promise<Answer>,
  ): Promise<Answer> {
    for (let refused = false; ; refused = true) {
      const to = await client(refused, signal);
      const { token, namespace = "default" } = session ?? {};
      const secrets: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await send(to, { path: path(namespace), secrets, signal });
      if (answer.status === 200) return answer;
      await discard(answer);
      // History has been given up, which is for whoever asks to act on.
      if (answer.status === 410) return answer;
      if (answer.status === 401 && !refused) continue;
      throw answer.status === 403 ? forbidden(verb, path(namespace)) : answer.error();
    }
  }

  return {
    ask: (request) => exchange(request, (to, question) => to.ask(question)),
    open: (request) => exchange(request, (to, question) => to.open({ ...question, waiting: true })),
    close: () => http?.close(),
  };
}

/** Lets go of a stream whose status says enough. */
async function discard(answer: SourceAnswer | SourceStream): Promise<void> {
  if (!("body" in answer)) return;
  for await (const _ of answer.body) break;
}

function forbidden(verb: string, path: string): ExportError {
  const namespace = /namespaces\/([^/]+)/.exec(path)?.[1] ?? "default";
  return new ExportError(
    "forbidden",
    `the API server does not let us ${verb} endpointslices.discovery.k8s.io in the namespace "${namespace}" (403); give our ` +
      `service account a Role with the verbs list and watch on endpointslices there`,
  );
}
