/** Files on their way to the archive: folders unfolded, several to a request, and what became of each. */
import { send, words, type Schemas } from "../../parts/client";

type Result = Schemas["UploadedResult"];
export type Outcome = Result["outcome"] | "waiting" | "sending" | "failed";

export interface Line {
  name: string;
  outcome: Outcome;
  reason: string;
  exam_pk: number | null;
}

const FILES_AT_ONCE = 24;
const BYTES_AT_ONCE = 32 << 20;
const REQUESTS_AT_ONCE = 2;

export class Uploading {
  lines = $state<Line[]>([]);
  /** Whether folders are still being read. */
  reading = $state(0);
  industry = "";
  private waiting: { file: File; at: number }[] = [];
  private running = 0;

  readonly counts = $derived.by(() => {
    const found: Partial<Record<Outcome, number>> = {};
    for (const line of this.lines) found[line.outcome] = (found[line.outcome] ?? 0) + 1;
    return found;
  });
  readonly done = $derived(this.lines.length - (this.counts.waiting ?? 0) - (this.counts.sending ?? 0));

  add(files: Iterable<File>): void {
    const some = [...files];
    const from = this.lines.length;
    this.lines.push(...some.map((file) => ({ name: pathOf(file), outcome: "waiting" as const, reason: "", exam_pk: null })));
    this.waiting.push(...some.map((file, index) => ({ file, at: from + index })));
    this.work();
  }

  /** Takes what was dropped, folders and all that is in them. */
  async dropped(transfer: DataTransfer): Promise<void> {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
    this.reading++;
    try {
      for (const entry of entries) for await (const some of filesOf(entry)) this.add(some);
    } finally {
      this.reading--;
    }
  }

  private work(): void {
    while (this.running < REQUESTS_AT_ONCE && this.waiting.length) {
      this.running++;
      void this.upload(this.next()).finally(() => {
        this.running--;
        this.work();
      });
    }
  }

  /** As many of those waiting as go into one request. */
  private next(): { file: File; at: number }[] {
    let [count, bytes] = [0, 0];
    for (const { file } of this.waiting) {
      if (count && (count === FILES_AT_ONCE || bytes + file.size > BYTES_AT_ONCE)) break;
      count++;
      bytes += file.size;
    }
    return this.waiting.splice(0, count);
  }

  private async upload(some: { file: File; at: number }[]): Promise<void> {
    const form = new FormData();
    for (const { file, at } of some) {
      this.tell(at, { outcome: "sending" });
      form.append("files", file, file.name);
    }
    if (this.industry) form.append("industry", this.industry);
    try {
      const { files } = await send<Schemas["Uploaded"]>("/api/v1/uploads", form);
      const left = [...files];
      for (const { file, at } of some) {
        const found = left.findIndex((result) => result.file_name === file.name);
        const [result] = found < 0 ? [] : left.splice(found, 1);
        if (result) this.tell(at, { outcome: result.outcome, reason: result.reason, exam_pk: result.exam_pk ?? null });
        else this.tell(at, { outcome: "stored", reason: "kept with the file it describes" });
      }
    } catch (error) {
      for (const { at } of some) this.tell(at, { outcome: "failed", reason: words(error) });
    }
  }

  private tell(at: number, change: Partial<Line>): void {
    Object.assign(this.lines[at] as Line, change);
  }
}

const pathOf = (file: File) => file.webkitRelativePath || file.name;

/** The files of an entry, a batch at a time; a folder of many thousands does not wait for its last. */
async function* filesOf(entry: FileSystemEntry): AsyncGenerator<File[]> {
  if (entry.isFile) {
    yield [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return;
    for (const one of batch) yield* filesOf(one);
  }
}
