"""Write the colours of the workstation from those of the product: python tools/colour_tables.py [--check].

``ui/src/viewer/steps/colours.ts`` has the colour tables, ``palettes.ts`` the colours of materials.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

from kerma.science.imaging.enhance import colour_tables, material_colours, opacity_alarm

FOLDER = Path(__file__).resolve().parents[1] / "ui/src/viewer/steps"
MADE = "Made by tools/colour_tables.py from `kerma.science.imaging.enhance"


def colours() -> str:
    """Return the text of colours.ts."""
    rows = [
        f'  {{ name: "{table.name}", label: "{table.label}", purpose: "{table.purpose}", kind: "{table.kind}",\n'
        f'    colours: "{base64.b64encode(table.make().tobytes()).decode()}" }},'
        for table in colour_tables.TABLES
    ]
    return f"""/** {MADE}.colour_tables`: change that and run it again. */

export interface ColourTable {{
  name: string;
  label: string;
  purpose: string;
  /** ordered: lighter is more; signed: the middle is nothing; bands: kinds side by side. */
  kind: "ordered" | "signed" | "bands";
  /** base64 of 256 colours, red first. */
  colours: string;
}}

export const COLOURS: ColourTable[] = [
{chr(10).join(rows)}
];

const unpacked = new Map<string, Uint8Array>();

/** 256 colours, red first; null of "grey". */
export function coloursOf(name: string): Uint8Array | null {{
  if (name === "grey") return null;
  const known = unpacked.get(name);
  if (known) return known;
  const table = COLOURS.find((one) => one.name === name);
  if (!table) throw new Error(`there are no colours "${{name}}"`);
  const made = Uint8Array.from(atob(table.colours), (letter) => letter.charCodeAt(0));
  unpacked.set(name, made);
  return made;
}}
"""


def palettes() -> str:
    """Return the text of palettes.ts."""
    rows = {
        name: "".join(f"    [{at:g}, {red}, {green}, {blue}],\n" for at, (red, green, blue) in nodes)
        for name, nodes in material_colours.PALETTES.items()
    }
    nodes = [f'  "{name}": [\n{row}  ],' for name, row in rows.items()]
    return f"""/** {MADE}.material_colours`: change that and run it again. */

/** Colours (8 bit) of materials by effective atomic number: number, red, green, blue. */
export const PALETTES: Record<string, [number, number, number, number][]> = {{
{chr(10).join(nodes)}
}};
/** What cannot be told. */
export const UNDECIDED = {list(material_colours.UNDECIDED)};
/** What was asked for by its number. */
export const WANTED = {list(material_colours.WANTED)};
/** What nobody can see through. */
export const ALARM = {list(opacity_alarm.ALARM)};
"""


FILES = {"colours.ts": colours, "palettes.ts": palettes}

if __name__ == "__main__":
    for name, text in FILES.items():
        if "--check" not in sys.argv:
            (FOLDER / name).write_text(text(), encoding="utf-8")
        elif (FOLDER / name).read_text(encoding="utf-8") != text():
            sys.exit(f"ui/src/viewer/steps/{name} is not what tools/colour_tables.py makes: run it")
