import { bytes, choice, flag, inner, int64, list, type Message, message, text } from "./protobuf.ts";

// The messages and calls of etcd v3 (package etcdserverpb of its rpc.proto) that finding and registering take, with the
// fields that we look at.

/** Comes with every answer. */
export interface Header {
  /** Another one means another cluster, whose revisions say nothing about ours. */
  clusterId: bigint;
  /** Of the whole store, when the answer was made. */
  revision: bigint;
}
const header: Message<Header> = message<Header>({ clusterId: int64(1), revision: int64(3) });

/** A key, and what lies there. */
export interface KeyValue {
  key: Uint8Array;
  modRevision: bigint;
  value: Uint8Array;
  lease: bigint;
}
const keyValue: Message<KeyValue> = message<KeyValue>({
  key: bytes(1),
  modRevision: int64(3),
  value: bytes(5),
  lease: int64(6),
});

export interface RangeRequest {
  key: Uint8Array;
  /** Keys from `key` to below this; without it, `key` alone. */
  rangeEnd: Uint8Array;
  limit: bigint;
  /** As it was then; 0 is now. */
  revision: bigint;
  keysOnly: boolean;
}
export interface RangeResponse {
  header: Header | undefined;
  kvs: KeyValue[];
  /** `limit` has cut it off. */
  more: boolean;
}

export interface PutRequest {
  key: Uint8Array;
  value: Uint8Array;
  lease: bigint;
}
export interface DeleteRangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
}
/** An answer of which nothing but its header matters. */
export interface Done {
  header: Header | undefined;
}
export interface CompactRequest {
  revision: bigint;
}

export interface LeaseGrantRequest {
  ttlSeconds: bigint;
}
export interface LeaseGrantResponse {
  header: Header | undefined;
  id: bigint;
  /** May be more than was asked for. */
  ttlSeconds: bigint;
}
export interface LeaseRequest {
  id: bigint;
}
export interface LeaseKeepAliveResponse {
  header: Header | undefined;
  id: bigint;
  /** 0: there is no such lease any more. That is no error. */
  ttlSeconds: bigint;
}

export interface WatchCreateRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  startRevision: bigint;
  progressNotify: boolean;
  fragment: boolean;
}
/** One of them is there. */
export interface WatchRequest {
  create: WatchCreateRequest | undefined;
}
/** What has happened to a key. */
export interface Event {
  /** 0: it was put; 1: it was deleted. */
  type: number;
  kv: KeyValue | undefined;
}
export interface WatchResponse {
  header: Header | undefined;
  created: boolean;
  canceled: boolean;
  /** Not 0: the watch was to begin where history has been given up. */
  compactRevision: bigint;
  cancelReason: string;
  /** More of the same revision follow. */
  fragment: boolean;
  events: Event[];
}

export interface AuthenticateRequest {
  name: string;
  password: string;
}
export interface AuthenticateResponse {
  header: Header | undefined;
  token: string;
}

/** A call: where it goes, what goes out and what comes back. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly request: Message<Request>;
  readonly response: Message<Response>;
}

const done: Message<Done> = message<Done>({ header: inner(1, header) });
const lease: Message<LeaseRequest> = message<LeaseRequest>({ id: int64(1) });
const event: Message<Event> = message<Event>({ type: choice(1), kv: inner(2, keyValue) });
const watchCreate: Message<WatchCreateRequest> = message<WatchCreateRequest>({
  key: bytes(1),
  rangeEnd: bytes(2),
  startRevision: int64(3),
  progressNotify: flag(4),
  fragment: flag(8),
});

export const range: Method<RangeRequest, RangeResponse> = {
  path: "/etcdserverpb.KV/Range",
  request: message<RangeRequest>({
    key: bytes(1),
    rangeEnd: bytes(2),
    limit: int64(3),
    revision: int64(4),
    keysOnly: flag(8),
  }),
  response: message<RangeResponse>({ header: inner(1, header), kvs: list(2, keyValue), more: flag(3) }),
};

export const put: Method<PutRequest, Done> = {
  path: "/etcdserverpb.KV/Put",
  request: message<PutRequest>({ key: bytes(1), value: bytes(2), lease: int64(3) }),
  response: done,
};

export const deleteRange: Method<DeleteRangeRequest, Done> = {
  path: "/etcdserverpb.KV/DeleteRange",
  request: message<DeleteRangeRequest>({ key: bytes(1), rangeEnd: bytes(2) }),
  response: done,
};

export const compact: Method<CompactRequest, Done> = {
  path: "/etcdserverpb.KV/Compact",
  request: message<CompactRequest>({ revision: int64(1) }),
  response: done,
};

export const leaseGrant: Method<LeaseGrantRequest, LeaseGrantResponse> = {
  path: "/etcdserverpb.Lease/LeaseGrant",
  request: message<LeaseGrantRequest>({ ttlSeconds: int64(1) }),
  response: message<LeaseGrantResponse>({ header: inner(1, header), id: int64(2), ttlSeconds: int64(3) }),
};

export const leaseRevoke: Method<LeaseRequest, Done> = {
  path: "/etcdserverpb.Lease/LeaseRevoke",
  request: lease,
  response: done,
};

/** A stream both ways by name; one beat is one request and one answer on a stream of its own. */
export const leaseKeepAlive: Method<LeaseRequest, LeaseKeepAliveResponse> = {
  path: "/etcdserverpb.Lease/LeaseKeepAlive",
  request: lease,
  response: message<LeaseKeepAliveResponse>({ header: inner(1, header), id: int64(2), ttlSeconds: int64(3) }),
};

export const watch: Method<WatchRequest, WatchResponse> = {
  path: "/etcdserverpb.Watch/Watch",
  request: message<WatchRequest>({ create: inner(1, watchCreate) }),
  response: message<WatchResponse>({
    header: inner(1, header),
    created: flag(3),
    canceled: flag(4),
    compactRevision: int64(5),
    cancelReason: text(6),
    fragment: flag(7),
    events: list(11, event),
  }),
};

export const authenticate: Method<AuthenticateRequest, AuthenticateResponse> = {
  path: "/etcdserverpb.Auth/Authenticate",
  request: message<AuthenticateRequest>({ name: text(1), password: text(2) }),
  response: message<AuthenticateResponse>({ header: inner(1, header), token: text(2) }),
};
