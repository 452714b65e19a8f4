/** The pages that reading does not need: each comes with its own code when it is first opened. */
import type { Component } from "svelte";

type Loaded = Promise<{ default: Component }>;

const PAGES: Record<string, () => Loaded> = {
  "/archive": () => import("./areas/archive/Search.svelte"),
  "/calculate": () => import("./areas/review/Calculate.svelte"),
  "/custody": () => import("./areas/custody/Custody.svelte"),
  "/inbox": () => import("./areas/review/Inbox.svelte"),
  "/lanes": () => import("./areas/worklist/Lanes.svelte"),
  "/models": () => import("./areas/flagging/Models.svelte"),
  "/network": () => import("./areas/exchange/Network.svelte"),
  "/peer": () => import("./areas/review/Peer.svelte"),
  "/quality": () => import("./areas/equipment/Quality.svelte"),
  "/reports": () => import("./areas/report/Reports.svelte"),
  "/rules": () => import("./areas/review/Packs.svelte"),
  "/searches": () => import("./areas/review/Searches.svelte"),
  "/settings": () => import("./areas/people/Settings.svelte"),
  "/tip": () => import("./areas/proficiency/Tip.svelte"),
  "/specs": () => import("./areas/review/Specs.svelte"),
};
const loaded = new Map<string, Loaded>();

/** The page at an address; null where it is the worklist or an exam. Its code is asked for once, and again after a failure. */
export function pageAt(path: string): Loaded | null {
  const address = Object.keys(PAGES).find((one) => path.startsWith(one));
  if (!address) return null;
  const known = loaded.get(address);
  if (known) return known;
  const coming = (PAGES[address] as () => Loaded)();
  loaded.set(address, coming);
  coming.catch(() => loaded.delete(address));
  return coming;
}
