/** What the server has not taken yet, kept in this browser: written at once, so that a reload or crash loses nothing. */

export interface Waiting<T> {
  document: T;
  /** The version that the document goes on from; null before the first. */
  supersedes: number | null;
  /** When it was written, ms since the epoch. */
  written: number;
}

/** An outbox of another page counts as left behind when nobody has written to it for so long. */
const LEFT_MS = 15_000;

/** One page's name: it survives a reload, and no other page has it. */
function pageName(): string {
  const known = sessionStorage.getItem("kerma.page");
  if (known) return known;
  const made = crypto.randomUUID();
  sessionStorage.setItem("kerma.page", made);
  return made;
}

export class Outbox<T> {
  private readonly stem: string;
  private readonly key: string;

  constructor(about: string) {
    this.stem = `kerma.outbox.${about}.`;
    this.key = this.stem + pageName();
  }

  /** Keeps what is to be sent; says in words why it could not. */
  write(waiting: Omit<Waiting<T>, "written">): string {
    try {
      localStorage.setItem(this.key, JSON.stringify({ ...waiting, written: Date.now() }));
      return "";
    } catch {
      return "This browser has no room to keep what is not saved: do not close the page before the server answers.";
    }
  }

  /** What waits: this page's own, else what another page has left behind. */
  read(): Waiting<T> | null {
    const own = this.parse(this.key);
    if (own) return own;
    const others = Object.keys(localStorage)
      .filter((key) => key.startsWith(this.stem))
      .map((key) => [key, this.parse(key)] as const)
      .filter(([, found]) => found && Date.now() - found.written > LEFT_MS)
      .sort(([, one], [, other]) => other!.written - one!.written);
    const [key, found] = others[0] ?? [];
    if (!key || !found) return null;
    localStorage.removeItem(key);
    this.write(found);
    return found;
  }

  clear(): void {
    localStorage.removeItem(this.key);
  }

  private parse(key: string): Waiting<T> | null {
    try {
      const found = JSON.parse(localStorage.getItem(key) ?? "null") as Waiting<T> | null;
      return found && typeof found.written === "number" && found.document ? found : null;
    } catch {
      return null;
    }
  }
}
