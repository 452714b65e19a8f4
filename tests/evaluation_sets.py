"""A small set of simulated welds, and its truth in every format that data sets come with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import tifffile

from kerma.areas.training.output import SetFolder
from kerma.areas.training.simulating import Order, files_of, industry_of

LABELS = ("cluster-porosity", "crack", "lack-of-fusion", "lack-of-penetration", "linear-porosity", "porosity", "slag",
          "tungsten", "undercut")  # fmt: skip


def welds(folder: Path, *, with_flaws: int = 3, without: int = 2, size_px: int = 256) -> Path:
    """Write simulated welds as ``kerma simulate`` does; returns the folder, truth.json is COCO."""
    flawed = [{"size_px": str(size_px), "difficulty": "easy"}] * with_flaws
    clean = [{"size_px": str(size_px), "flaws": "none"}] * without
    orders = [Order("weld-plate", seed, options=options) for seed, options in enumerate([*flawed, *clean], start=1)]
    with SetFolder(folder, "weld-plate", industry_of(orders[0])) as out:
        for order in orders:
            for made in files_of(order):
                out.add(made)
        out.finish()
    return folder


def as_yolo(folder: Path, out: Path) -> Path:
    """Write the truth of a set as YOLO: one file per image, the words in classes.txt."""
    labels = out / "labels"
    labels.mkdir(parents=True)
    (labels / "classes.txt").write_text("\n".join(LABELS) + "\n")
    for image, rows in _annotated(folder):
        lines = []
        for label, (x, y, width, height) in rows:
            shares = ((x + width / 2) / image["width"], (y + height / 2) / image["height"])
            sides = (width / image["width"], height / image["height"])
            lines.append(" ".join([str(LABELS.index(label)), *(f"{one:.12f}" for one in (*shares, *sides))]))
        (labels / f"{Path(image['file_name']).stem}.txt").write_text("\n".join(lines))
    return labels


def as_voc(folder: Path, out: Path) -> Path:
    """Write the truth of a set as Pascal VOC: one XML per image, corners from 1."""
    out.mkdir(parents=True)
    for image, rows in _annotated(folder):
        objects = "".join(
            f"<object><name>{label}</name><bndbox><xmin>{x + 1}</xmin><ymin>{y + 1}</ymin><xmax>{x + width}</xmax>"
            f"<ymax>{y + height}</ymax></bndbox></object>"
            for label, (x, y, width, height) in rows
        )
        text = f"<annotation><filename>{image['file_name']}</filename>{objects}</annotation>"
        (out / f"{Path(image['file_name']).stem}.xml").write_text(text)
    return out


def as_gdxray(folder: Path, out: Path) -> Path:
    """Write the truth of a set as GDXray's ground_truth.txt: number, x1, x2, y1, y2 from 1, no labels."""
    out.mkdir(parents=True)
    lines = []
    for image, rows in _annotated(folder):
        number = int(Path(image["file_name"]).stem.rsplit("-", 1)[1])
        for _, (x, y, width, height) in rows:
            lines.append(f"{number:.7e} {x + 1:.7e} {x + width:.7e} {y + 1:.7e} {y + height:.7e}")
    (out / "ground_truth.txt").write_text("\n".join(lines))
    return out / "ground_truth.txt"


def _annotated(folder: Path) -> list:
    truth = json.loads((folder / "truth.json").read_text())
    words = {row["id"]: row["name"] for row in truth["categories"]}
    return [
        (
            image,
            [
                (words[one["category_id"]], one["bbox"])
                for one in truth["annotations"]
                if one["image_id"] == image["id"]
            ],
        )
        for image in truth["images"]
    ]


def plain_film(path: Path, pixels: np.ndarray) -> Path:
    """Write a raw radiograph with its description."""
    tifffile.imwrite(path, pixels)
    described = {"meaning": "raw", "rises_with_dose": True, "spacing_mm": [0.1, 0.1], "spacing_source": "detector"}
    path.with_name(f"{path.name}.json").write_text(json.dumps(described))
    return path
