import { describe, expect, it } from "vitest";
import { type PendingResource, pendingResources } from "./pending-resources.ts";

interface Item {
  readonly name: string;
  readonly resource: PendingResource;
}

/** A resource that is incomplete until `complete` is called. */
function incomplete(): {
  readonly resource: PendingResource;
  readonly complete: () => void;
  readonly fail: () => void;
} {
  let resolve!: () => void;
  let reject!: (reason: Error) => void;
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  const resource = { asyncAttributesPending: true, waitForAsyncAttributes: () => done };
  const settle = (end: () => void) => () => {
    resource.asyncAttributesPending = false;
    end();
  };
  return { resource, complete: settle(resolve), fail: settle(() => reject(new Error("no such host"))) };
}

function bench() {
  const handedOn: string[] = [];
  return { handedOn, pending: pendingResources<Item>(({ name }) => handedOn.push(name)) };
}

describe("items of a resource", () => {
  it("that is complete go on at once", () => {
    const { handedOn, pending } = bench();
    pending.add({ name: "a", resource: {} });
    pending.add({ name: "b", resource: { asyncAttributesPending: false } });
    expect(handedOn).toEqual(["a", "b"]);
  });

  it("that is not complete wait for it, and no longer", async () => {
    const { handedOn, pending } = bench();
    const { resource, complete } = incomplete();
    pending.add({ name: "a", resource });
    pending.add({ name: "b", resource });
    pending.add({ name: "other", resource: {} });
    expect(handedOn).toEqual(["other"]);
    const settled = pending.settled();
    complete();
    pending.add({ name: "late", resource });
    await settled;
    expect(handedOn).toEqual(["other", "late", "a", "b"]);
  });

  it("go with what is known when it cannot be completed", async () => {
    const { handedOn, pending } = bench();
    const { resource, fail } = incomplete();
    pending.add({ name: "a", resource });
    fail();
    await pending.settled();
    expect(handedOn).toEqual(["a"]);
  });

  it("are bounded: what comes beyond goes with what is known", () => {
    const { handedOn, pending } = bench();
    const { resource } = incomplete();
    for (let index = 0; index < 2050; index++) pending.add({ name: String(index), resource });
    expect(handedOn).toEqual(["2048", "2049"]);
  });

  it("go when they are released, and not again later", async () => {
    const { handedOn, pending } = bench();
    const { resource, complete } = incomplete();
    pending.add({ name: "a", resource });
    const settled = pending.settled();
    expect(pending.release()).toBe(1);
    complete();
    await settled;
    expect(handedOn).toEqual(["a"]);
    expect(pending.release()).toBe(0);
  });
});
