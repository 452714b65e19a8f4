/** The pages of the workstation that the person may open, in the order of the bar on top. */
import { session } from "./session.svelte";

export interface Place {
  address: string;
  label: string;
  /** The action that opens it; none: for everybody. */
  needs?: string;
  keys?: string;
  /** The menu that holds it, so that the bar keeps to one line on a small screen. */
  menu?: "QA";
}

const PLACES: Place[] = [
  { address: "/", label: "Worklist", keys: "g w" },
  { address: "/inbox", label: "Inbox", needs: "review.view_inbox", keys: "g i" },
  { address: "/searches", label: "Searches", needs: "review.view_searches", keys: "g h" },
  { address: "/lanes", label: "Lanes", needs: "worklist.view", keys: "g l" },
  { address: "/archive", label: "Archive", needs: "archive.view", keys: "g a" },
  { address: "/calculate", label: "Calculate", keys: "g c" },
  { address: "/rules", label: "Rules", keys: "g r" },
  { address: "/specs", label: "Specs", needs: "review.view_specifications", keys: "g f" },
  { address: "/reports", label: "Reports", needs: "report.batch", keys: "g p" },
  { address: "/quality", label: "Quality", needs: "equipment.view", keys: "g q", menu: "QA" },
  { address: "/peer", label: "Reviews", needs: "review.view_feedback", keys: "g e", menu: "QA" },
  { address: "/tip", label: "Threats", needs: "proficiency.view_results", keys: "g t", menu: "QA" },
  { address: "/models", label: "Models", keys: "g m", menu: "QA" },
  { address: "/custody", label: "Custody", needs: "custody.view", keys: "g u" },
  { address: "/network", label: "Network", needs: "exchange.view", keys: "g n" },
  { address: "/settings", label: "Settings", keys: "g s" },
];

export const places = () => PLACES.filter((place) => !place.needs || session.may(place.needs));
