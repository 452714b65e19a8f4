/** The commands that have a name and usual keys, page by page; the page that can do one says what it does.
 *
 * A keymap is what a person brings from elsewhere: "PACS" are the keys of radiology viewers, "Screening" those of
 * baggage consoles, "NDT" those of inspection software. What a keymap does not name is as in "Kerma".
 */
import { commands, type Command, type Keymap } from "./commands.svelte";

interface Row {
  id: string;
  label: string;
  group: string;
  keys: string[];
  typing?: boolean;
  mode?: boolean;
}

const row = (group: string) => (id: string, label: string, ...keys: string[]): Row => ({ id, label, group, keys });
const everywhere = row("Everywhere");
const list = row("Worklist");
const archive = row("Archive");
const exam = row("Exam");
const findings = row("Findings");
const custody = row("Custody");
const screening = (id: string, label: string, ...keys: string[]): Row => ({ ...row("Screening")(id, label, ...keys), mode: true });
const room = row("Reading room");
const report = row("Report");

export const ROWS: Row[] = [
  { ...everywhere("palette", "Commands", "Ctrl+K"), typing: true },
  everywhere("keys", "Keys that work here", "?"),
  everywhere("theme", "Next theme"),
  everywhere("sign-out", "Sign out"),
  list("list.next", "Next row", "j", "ArrowDown"),
  list("list.before", "Row before", "k", "ArrowUp"),
  list("list.page-down", "A page down", "PageDown"),
  list("list.page-up", "A page up", "PageUp"),
  list("list.first", "First row", "Home"),
  list("list.last", "Last row loaded", "End"),
  list("list.open", "Open the exam", "Enter"),
  list("list.claim", "Claim or release", "c"),
  list("list.take-next", "Next exam for me", "n"),
  list("list.mark", "Mark or unmark the row", "x"),
  list("list.mark-down", "Mark downwards", "J", "Shift+ArrowDown"),
  list("list.mark-up", "Mark upwards", "K", "Shift+ArrowUp"),
  list("list.mark-all", "Mark all loaded rows", "Ctrl+A"),
  list("list.unmark", "Unmark all", "Escape"),
  list("list.search", "Search in the list", "/"),
  list("list.upload", "Add images", "u"),
  list("list.open-view", "Open exams", "v o"),
  list("list.closed-view", "Decided exams", "v d"),
  list("list.mine", "Only mine, or all", "v m"),
  list("list.late", "Only late ones, or all", "v l"),
  list("list.all", "Clear all filters", "v a"),
  archive("archive.search", "Search the archive", "/"),
  archive("archive.next", "Next row", "j", "ArrowDown"),
  archive("archive.before", "Row before", "k", "ArrowUp"),
  archive("archive.open", "Open the exam", "Enter"),
  exam("exam.leave", "Back to the worklist, or out of what is open", "Escape"),
  exam("exam.image-before", "Image before", "ArrowLeft"),
  exam("exam.image-after", "Image after", "ArrowRight"),
  exam("exam.finding-after", "Next finding", "n"),
  exam("exam.finding-before", "Finding before", "b"),
  exam("exam.next", "Next exam that waits", "."),
  exam("exam.judge", "Judge", "j"),
  exam("exam.record", "Record the judgement", "Ctrl+Enter"),
  exam("report.sign", "Sign the report", "Alt+s"),
  exam("report.co-sign", "Co-sign the report", "Alt+c"),
  exam("planes.open", "Planes of the volume", "V"),
  findings("finding.new", "New finding: choose what, then where", "d", "a"),
  findings("finding.accept", "Agree with the software's finding, and on to the next", "Enter"),
  findings("finding.change", "Change the chosen finding", "E"),
  findings("finding.dismiss", "Dismiss the chosen finding with a reason, or take it back in", "x"),
  custody("custody.search", "Search in the items", "/"),
  custody("custody.collect", "Collect an item", "c"),
  screening("screening.confirm", "Confirm the decision that is chosen", "Enter"),
  screening("screening.cancel", "Take the choice back", "Escape"),
  room("room.screening", "Screening: large decision keys and timer, or not", "F9"),
  room("room.next-viewport", "Next viewport", "y y"),
  room("room.viewport-before", "Viewport before", "y x"),
  ...[1, 2, 3, 4].map((number) => room(`room.viewport-${number}`, `Viewport ${number}`, `y ${number}`)),
  room("room.large", "The viewport large, or all again", "Y"),
  room("room.stage-before", "Stage before", "["),
  room("room.stage-after", "Next stage", "]"),
  room("room.layout-1", "One viewport", "y s"),
  room("room.layout-2", "Two viewports beside each other", "y b"),
  room("room.layout-2r", "Two viewports below each other", "y r"),
  room("room.layout-3", "Three viewports", "y t"),
  room("room.layout-1+2", "One large and two small viewports", "y l"),
  room("room.layout-4", "Two by two viewports", "y q"),
  room("room.together-view", "Zoom and move together, or not", "y z"),
  room("room.together-window", "Same window, or not", "y w"),
  room("room.together-cursor", "Pointer shown in all viewports, or not", "y c"),
  room("room.priors", "Prior exams", "q"),
  room("room.prior-beside", "The prior beside the image", "y p"),
  room("room.flick", "The prior laid on the image, while held", "z"),
  room("room.flicker", "Flicker between image and prior", "y f"),
  room("room.difference", "The image minus the prior", "y d"),
  room("room.cine", "Run through the planes, or stop", "y m"),
  room("room.pop-out", "The viewport in a window of its own", "y o"),
  room("room.quiet", "Only the image, or everything", "\\"),
  report("editor.open", "Report in the editor", "Alt+e"),
  { ...report("editor.undo", "Undo what was written", "Ctrl+Z"), typing: true },
  { ...report("editor.redo", "Redo what was written", "Ctrl+Y", "Ctrl+Shift+Z"), typing: true },
  { ...report("editor.save", "Save now", "Ctrl+S"), typing: true },
  { ...report("editor.sign", "Sign or amend", "Alt+s"), typing: true },
  { ...report("editor.page-after", "A page down", "Alt+PageDown"), typing: true },
  { ...report("editor.page-before", "A page up", "Alt+PageUp"), typing: true },
  report("editor.leave", "Back to the exam", "Escape"),
];

/** What a keymap has otherwise. Arrows and Tab stay with the browser where they move the focus. */
export const OTHERWISE: Partial<Record<Keymap, Record<string, string[]>>> = {
  // as OHIF and most radiology viewers have them
  PACS: {
    "image.fit": ["="],
    "room.flick": ["Z"],
    "image.flip": ["h"],
    "image.marks": ["v"],
    "exam.image-after": ["PageDown", "ArrowRight"],
    "exam.image-before": ["PageUp", "ArrowLeft"],
    "image.plane-after": ["ArrowDown"],
    "image.plane-before": ["ArrowUp"],
  },
  // consoles give single keys to functions: what Kerma has on them goes behind the mouse hand's keys
  Screening: {
    "room.flick": ["Z"],
    "exam.finding-after": ["ArrowDown"],
    "exam.finding-before": ["ArrowUp"],
    "finding.new": ["a"],
    "image.fit": ["="],
  },
  NDT: {
    "exam.finding-after": ["ArrowDown"],
    "exam.finding-before": ["ArrowUp"],
    "finding.new": ["a"],
    "image.fit": ["="],
    "room.priors": ["Q"],
  },
};

/** All rows as commands that do nothing: for the page on which keys are chosen. */
export const KNOWN: Command[] = ROWS.map((one) => ({ ...one, run: () => {} }));
const BY_ID = new Map(ROWS.map((one) => [one.id, one]));

type Can = (() => void) | { run: () => void; when: () => boolean };

/** Offers what a page can do, by the ids of the table, until the returned function is called. */
export function offer(can: Record<string, Can>, more: Command[] = []): () => void {
  const named = Object.entries(can).map(([id, what]): Command => {
    const known = BY_ID.get(id);
    if (!known) throw new Error(`no command '${id}' stands in keymaps.ts`);
    return { ...known, ...(typeof what === "function" ? { run: what } : what) };
  });
  return commands.offer([...named, ...more]);
}
