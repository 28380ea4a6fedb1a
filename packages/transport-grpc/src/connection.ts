import type { ClientHttp2Session } from "node:http2";
import type { ExportError } from "@otlpkit/core";
import type { Dial } from "./dial.ts";
import { connectionLost, openSession } from "./open-session.ts";
import type { FilledOptions } from "./options.ts";
import type { Target } from "./target.ts";

/** An HTTP/2 session that takes, or took, calls. */
export interface Session {
  readonly http2: ClientHttp2Session;
  /** Why calls on it ended without an answer, as far as is known. */
  lost(): ExportError;
  /** A call got no answer in time: find out whether anybody is there, and send the next another way if not. */
  suspect(): void;
}

/** Someone who wants to make a call. */
export interface Visitor {
  /** There is room: open a stream now. */
  begin(session: Session): void;
  /** There will be none. */
  fail(error: ExportError): void;
}

/** One connection, as far as callers see: behind it, sessions come and go. */
export interface Connection {
  /** Calls and waiting visitors. */
  readonly visitors: number;
  /**
   * Asks for room; calls back at once or later. What it returns must be called exactly once when the visitor is done,
   * or no longer wants to wait.
   */
  enter(visitor: Visitor): () => void;
  /** The next call gets a session of its own; the one that is there ends after its calls. */
  renew(): void;
  /** Ends the session. Only when nobody is visiting, or they are to be thrown out. */
  close(): Promise<void>;
}

interface Waiting {
  admit(session: OpenSession): void;
  fail(error: ExportError): void;
}

interface OpenSession extends Session {
  streams: number;
  maxStreams: number;
  /** Takes no calls until it is known whether anybody is there. */
  inDoubt: boolean;
  /** A call has ended. */
  left(): void;
}

// For so long calls wait whether a connection in doubt shows signs of life, before they get another. Whoever tries again
// after a timeout waits longer by himself.
const longestDoubtMs = 1_000;

/** Opens on the first visit, and again on the first visit after the session was lost or sent away. */
export function connection(target: Target, dial: Dial, options: FilledOptions): Connection {
  const waiting = new Set<Waiting>();
  let visitors = 0;
  // Takes new calls. One that was told to go (GOAWAY) is not here any more, and ends after its last call.
  let current: OpenSession | undefined;
  let opening: AbortController | undefined;
  const alive = new Set<ClientHttp2Session>();

  function enter(visitor: Visitor): () => void {
    let on: OpenSession | undefined;
    visitors++;
    if (visitors === 1) current?.http2.ref();
    const entry: Waiting = {
      fail: (error) => visitor.fail(error),
      admit(session) {
        on = session;
        session.streams++;
        visitor.begin(session);
      },
    };
    const now = waiting.size === 0 ? admitting() : undefined;
    if (now === undefined) waiting.add(entry);
    else entry.admit(now);
    return () => {
      visitors--;
      waiting.delete(entry);
      on?.left();
      if (waiting.size === 0) abandonOpening();
      // A script that has nothing under way may end although the connection is kept.
      if (visitors === 0) current?.http2.unref();
    };
  }

  /** The session, if it has room at the moment. Opens one when there is none. */
  function admitting(): OpenSession | undefined {
    if (current === undefined || current.http2.closed || current.http2.destroyed) {
      current = undefined;
      if (opening === undefined) open();
      return undefined;
    }
    return current.streams < current.maxStreams && !current.inDoubt ? current : undefined;
  }

  function admitWaiting(): void {
    for (const entry of waiting) {
      const session = admitting();
      if (session === undefined) return;
      waiting.delete(entry);
      entry.admit(session);
    }
  }

  function open(): void {
    const attempt = new AbortController();
    opening = attempt;
    openSession(target, dial, options.connectTimeoutMs, attempt.signal).then(
      (http2) => {
        // Nobody wanted it any more just as it was there.
        if (opening !== attempt) return http2.close();
        opening = undefined;
        current = watched(http2);
        admitWaiting();
      },
      (error: ExportError) => {
        if (opening !== attempt) return;
        opening = undefined;
        const failed = [...waiting];
        waiting.clear();
        for (const visitor of failed) visitor.fail(error);
      },
    );
  }

  function abandonOpening(): void {
    opening?.abort(new Error("given up"));
    opening = undefined;
  }

  function watched(http2: ClientHttp2Session): OpenSession {
    let goawayCode: number | undefined;
    let trouble: Error | undefined;
    let probing = false;
    let deserted = false;
    const session: OpenSession = {
      http2,
      streams: 0,
      maxStreams: 0,
      inDoubt: false,
      left() {
        session.streams--;
        if (deserted && session.streams === 0) http2.destroy();
        if (waiting.size > 0) admitWaiting();
      },
      lost: () => connectionLost(target, goawayCode, trouble),
      suspect,
    };
    alive.add(http2);
    adoptSettings();
    http2.on("remoteSettings", () => {
      adoptSettings();
      if (current === session) admitWaiting();
    });
    http2.on("error", (error: Error) => {
      trouble ??= error;
    });
    http2.on("goaway", (code: number) => {
      goawayCode = code;
      retire();
    });
    http2.once("close", () => {
      alive.delete(http2);
      retire();
    });
    if (options.keepaliveMs > 0) {
      http2.setTimeout(options.keepaliveMs, () => {
        if (session.streams > 0) probe();
      });
    }
    return session;

    function adoptSettings(): void {
      session.maxStreams = Math.min(options.maxStreams, http2.remoteSettings.maxConcurrentStreams ?? Infinity);
    }

    function retire(): void {
      if (current !== session) return;
      current = undefined;
      if (waiting.size > 0) admitWaiting();
    }

    function suspect(): void {
      probe();
      if (current !== session || session.inDoubt || !probing) return;
      session.inDoubt = true;
      setTimeout(desert, Math.min(longestDoubtMs, options.keepaliveTimeoutMs)).unref();
    }

    /** No sign of life: new calls get another connection, while those on this one may still hope. */
    function desert(): void {
      if (!session.inDoubt) return;
      deserted = true;
      if (session.streams === 0) http2.destroy();
      retire();
    }

    function probe(): void {
      if (probing || http2.destroyed) return;
      probing = true;
      const timer = setTimeout(() => {
        trouble ??= new Error(`no answer to a ping within ${options.keepaliveTimeoutMs} ms`);
        http2.destroy();
      }, options.keepaliveTimeoutMs);
      timer.unref();
      http2.ping((error) => {
        clearTimeout(timer);
        probing = false;
        session.inDoubt = false;
        if (error !== null || current !== session) return;
        admitWaiting();
      });
    }
  }

  return {
    get visitors() {
      return visitors;
    },
    enter,
    renew() {
      current?.http2.close();
      current = undefined;
    },
    async close() {
      await Promise.all(
        [...alive].map(
          (http2) =>
            new Promise<void>((resolve) => {
              http2.once("close", resolve);
              http2.ref();
              http2.close();
              if (http2.destroyed) resolve();
            }),
        ),
      );
    },
  };
}
