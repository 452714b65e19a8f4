/** The room in the address of the page: layout, stage, what hangs where, and how it is seen; read back after a reload. */
import type { Rotation, View } from "../viewer/view";
import type { ChainWindow } from "../viewer/steps/step";
import type { Cell, Room } from "./room.svelte";

const number = (value: number) => String(Number(value.toPrecision(6)));

function cellText({ shown, span, viewport }: Cell): string {
  if (!shown) return "";
  const { view, window, fitted } = viewport;
  const seen = fitted && !view.rotation && !view.flipped ? "" : [fitted ? "fit" : number(view.zoom), number(view.row), number(view.column), view.rotation, view.flipped ? 1 : 0].join(",");
  const level = window ? [number(window.center), number(window.width), window.function].join(",") : "";
  return [shown.of, shown.exam_pk, shown.image_pk, shown.plane, span.rows, span.columns, seen, level].join("~");
}

/** The query of the address; empty while the room is as its first protocol hangs it. */
export function written(room: Room): string {
  const { rows, columns, stage, protocol, maximised } = room;
  const isFirst = stage === 0 && protocol === room.protocols[0] && !maximised;
  const cells = room.cells.map(cellText);
  if (isFirst && cells.every((text) => text.endsWith("~~"))) return "";
  const asked = new URLSearchParams({ layout: `${rows}x${columns}` });
  if (protocol && stage >= 0) {
    asked.set("hang", protocol.name);
    asked.set("stage", String(stage + 1));
  }
  for (const text of cells) asked.append("cell", text);
  asked.set("active", String(room.cells.indexOf(room.active) + 1));
  if (maximised) asked.set("large", "1");
  if (room.together.length) asked.set("together", room.together.join(","));
  return `?${asked}`;
}

export interface Restored {
  of: string;
  exam_pk: number;
  image_pk: number;
  plane: number;
  span: { rows: number; columns: number };
  view: (Omit<View, "zoom"> & { zoom: number | null }) | null;
  window: ChainWindow | null;
}

/** What an address says of the viewports; what is no such text is left out. */
export function cellsIn(asked: URLSearchParams): Restored[] {
  return asked.getAll("cell").flatMap((text) => {
    const [of = "", exam_pk, image_pk, plane, rows, columns, seen = "", level = ""] = text.split("~");
    const [zoom, row, column, rotation, flipped] = seen.split(",");
    const [center, width, kind] = level.split(",");
    const view = seen ? { zoom: zoom === "fit" ? null : Number(zoom), row: Number(row), column: Number(column), rotation: Number(rotation) as Rotation, flipped: flipped === "1" } : null;
    const window = level ? { center: Number(center), width: Number(width), function: kind as ChainWindow["function"] } : null;
    const numbers = [exam_pk, image_pk, plane, rows, columns].map(Number);
    const all = [...numbers, ...(view ? [view.zoom ?? 1, view.row, view.column, view.rotation] : []), ...(window ? [window.center, window.width] : [])];
    if (!all.every(Number.isFinite) || (view?.zoom ?? 1) <= 0 || (window && (window.width <= 0 || !["LINEAR", "LINEAR_EXACT", "SIGMOID"].includes(window.function)))) return [];
    return [{ of, exam_pk: Number(exam_pk), image_pk: Number(image_pk), plane: Number(plane), span: { rows: Number(rows), columns: Number(columns) }, view, window }];
  });
}
