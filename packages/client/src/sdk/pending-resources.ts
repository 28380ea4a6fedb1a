import { platform } from "#platform";

/** A resource that the SDK may still be finding out about: the host, the cloud. */
export interface PendingResource {
  readonly asyncAttributesPending?: boolean | undefined;
  waitForAsyncAttributes?(): Promise<void>;
}

/** Items that wait until it is known whose they are. */
export interface PendingResources<Item> {
  /** Hands the item on, at once if its resource is complete. */
  add(item: Item): void;
  /** Resolves when what waits now has been handed on. */
  settled(): Promise<void>;
  /** Hands on what waits, with what is known, and says how many that were. */
  release(): number;
}

// Some detectors ask services that are not there, and take their time to notice.
const patienceMs = 30_000;

// As many as the queue of the SDK's own batch processors holds.
const maxHeldItems = 2048;

/**
 * Holds items back until their resource is complete, because the resource of an item is written with it. No more than
 * 2,048 are held, and none for longer than half a minute: then they go with what is known.
 */
export function pendingResources<Item extends { readonly resource: PendingResource }>(
  handOn: (item: Item) => void,
): PendingResources<Item> {
  const waiting = new Map<PendingResource, Waiting<Item>>();
  let held = 0;

  function wait(resource: PendingResource): Waiting<Item> {
    const entry: Waiting<Item> = { items: [], complete: completed(resource).then(() => void handOnAll(resource)) };
    waiting.set(resource, entry);
    return entry;
  }

  function handOnAll(resource: PendingResource): number {
    const items = waiting.get(resource)?.items ?? [];
    waiting.delete(resource);
    held -= items.length;
    for (const item of items) handOn(item);
    return items.length;
  }

  return {
    add(item) {
      const { resource } = item;
      if (resource.asyncAttributesPending !== true || held >= maxHeldItems) return handOn(item);
      held++;
      (waiting.get(resource) ?? wait(resource)).items.push(item);
    },
    settled: () => Promise.all([...waiting.values()].map(({ complete }) => complete)).then(() => {}),
    release: () => [...waiting.keys()].reduce((released, resource) => released + handOnAll(resource), 0),
  };
}

interface Waiting<Item> {
  readonly items: Item[];
  readonly complete: Promise<void>;
}

function completed(resource: PendingResource): Promise<void> {
  return new Promise((resolve) => {
    const cancel = platform.later(resolve, patienceMs);
    const done = (): void => {
      cancel();
      resolve();
    };
    // An attribute that could not be found out is no reason to lose a span.
    (resource.waitForAsyncAttributes?.() ?? Promise.resolve()).then(done, done);
  });
}
