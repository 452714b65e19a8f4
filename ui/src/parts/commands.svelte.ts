/** Everything a key can do. Pages offer commands while they are shown; one listener finds the command of a key.
 *
 * A key is written as the browser names it: "j", "Enter", "Ctrl+K", "Shift+ArrowDown"; a sequence has a space: "g w".
 * A mode takes its keys from all others; else of two commands with one key the one offered last is meant: what lies on
 * top goes first, so Escape leaves one level.
 */
import { untrack } from "svelte";
import { OTHERWISE } from "./keymaps";
import { preferences } from "./preferences.svelte";

export interface Command {
  id: string;
  label: string;
  /** Under which heading the overview of keys shows it. */
  group: string;
  keys: string[];
  run: () => void;
  /** While this says no, the command is not there. */
  when?: () => boolean;
  /** Also while something is being typed. */
  typing?: boolean;
  /** One of a mode that lies over the page: its keys go before those of all others. */
  mode?: boolean;
  /** A key of the person's keymap that goes before its usual ones, and before those of all others. */
  direct?: string | undefined;
}

export const KEYMAPS = ["Kerma", "PACS", "Screening", "NDT"] as const;
export type Keymap = (typeof KEYMAPS)[number];
export interface OwnKeys {
  keymap: Keymap;
  /** Command to keys, where the person wants others. */
  own: Record<string, string[]>;
}

const SEQUENCE_MS = 1200;
const RECENT = 8;

class Commands {
  private offers = $state.raw<Command[][]>([]);
  /** What has been pressed of a sequence. */
  pending = $state("");
  recent = $state.raw<string[]>([]);
  private timer = 0;

  /** Offers commands until the returned function is called. */
  offer(some: Command[]): () => void {
    // an effect that offers does not follow what others offer
    this.offers = [...untrack(() => this.offers), some];
    return () => (this.offers = untrack(() => this.offers).filter((one) => one !== some));
  }

  /** What can be done now, the topmost offer first; of one id only the topmost. */
  readonly now = $derived.by(() => {
    const found = new Map<string, Command>();
    for (const some of [...this.offers].reverse())
      for (const command of some) if (!found.has(command.id)) found.set(command.id, command);
    return [...found.values()];
  });

  private readonly byId = $derived(new Map(this.now.map((one) => [one.id, one])));

  /** The words of a button with the first key of its command, as the person has it now. */
  titled(words: string, id: string): string {
    const key = this.keyOf(id);
    return key ? `${words} (${key})` : words;
  }

  /** The first key of a command of this page in words; "" without one. */
  keyOf(id: string): string {
    const command = this.byId.get(id);
    const key = command ? this.keysOf(command)[0] : "";
    return (key ?? "").split(" ").map(shownKey).join(" ");
  }

  get mine(): OwnKeys {
    return { keymap: "Kerma", own: {}, ...preferences.get<Partial<OwnKeys>>("keys", {}) };
  }

  /** The keys of a command in the keymap that is chosen. */
  keysOf(command: Command): string[] {
    const { keymap, own } = this.mine;
    const usual = OTHERWISE[keymap]?.[command.id] ?? command.keys;
    return own[command.id] ?? (command.direct ? [command.direct, ...usual] : usual);
  }

  active(): Command[] {
    // of several viewers each offers the same commands: the one that says it is meant is
    const found = new Map<string, Command>();
    for (const some of [...this.offers].reverse())
      for (const command of some) if (!found.has(command.id) && (command.when?.() ?? true)) found.set(command.id, command);
    return [...found.values()];
  }

  /** The commands that a key can reach now, each with the keys it has: none has a key that a mode has taken. */
  reached(): { command: Command; keys: string[] }[] {
    const active = this.active();
    const taken = new Set(active.flatMap((one) => (one.mode ? this.keysOf(one) : this.directOf(one))));
    const isFree = (keys: string) => !taken.has(keys) && !taken.has(keys.split(" ")[0] ?? "");
    return active.map((command) => {
      const direct = this.directOf(command);
      return { command, keys: this.keysOf(command).filter((keys) => command.mode || direct.includes(keys) || isFree(keys)) };
    });
  }

  private directOf(command: Command): string[] {
    return command.direct && !this.mine.own[command.id] ? [command.direct] : [];
  }

  run(command: Command): void {
    this.recent = [command.id, ...this.recent.filter((id) => id !== command.id)].slice(0, RECENT);
    command.run();
  }

  /** Finds and runs the command of a key; the listener of the whole page. */
  pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const name = nameOf(event);
    if (!name) return;
    const typing = isTyping(event.target, event.key);
    const possible = this.reached().filter(({ command }) => !typing || command.typing);
    const written = this.pending ? `${this.pending} ${name}` : name;
    const meant = possible.find(({ keys }) => keys.includes(written))?.command;
    const begins = possible.some(({ keys }) => keys.some((one) => one.startsWith(`${written} `)));
    clearTimeout(this.timer);
    if (!meant && !begins) {
      const was = this.pending;
      this.pending = "";
      if (was) this.pressed(event); // the key stands for itself
      return;
    }
    event.preventDefault();
    if (!begins) {
      this.pending = "";
      if (meant) this.run(meant);
      return;
    }
    this.pending = written;
    this.timer = window.setTimeout(() => {
      this.pending = "";
      if (meant) this.run(meant);
    }, SEQUENCE_MS);
  }
}

const ALONE = ["Shift", "Control", "Alt", "Meta", "Dead", "Process", "AltGraph", "CapsLock"];

/** A key as commands write it. */
export function nameOf(event: KeyboardEvent): string {
  if (ALONE.includes(event.key)) return "";
  const letter = event.key === " " ? "Space" : event.key;
  const held = event.ctrlKey || event.metaKey;
  const parts = [held ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey && (letter.length > 1 || held) ? "Shift" : ""];
  return [...parts.filter(Boolean), held && letter.length === 1 ? letter.toUpperCase() : letter].join("+");
}

/** Whether a key belongs to the field or button that has the focus. */
function isTyping(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable=true]")) return true;
  return !!target.closest("button, a, summary, [role=button], input") && ["Enter", " "].includes(key);
}

/** Words for a key, as a person reads them on the keyboard. */
export function shownKey(key: string): string {
  const WORDS: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Delete: "Del", PageUp: "Page ↑", PageDown: "Page ↓" };
  return key.split("+").map((part) => WORDS[part] ?? part).join(" ");
}

export const commands = new Commands();
