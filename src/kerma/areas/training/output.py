"""The folder a simulated set is written into: images, descriptions, masks, and at the very end the truth.

``truth.json`` appears only when everything it names is there: until then the folder holds ``truth.json.unfinished``. A
set that was broken off is written again with the same command. What others put into the folder is left alone.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from kerma.errors import WrongUsage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kerma.areas.training.simulating import SimulatedFile

TRUTH = "truth.json"
UNFINISHED = f"{TRUTH}.unfinished"
MASKS = "masks.npz"
THICKNESS = "thickness.npz"
VERSION = 2


class SetFolder:
    """One set being written; use it with ``with``.

    Raises
    ------
    WrongUsage
        The folder holds a truth.json, or a file of the same name, that ``kerma simulate`` did not write.
    """

    def __init__(self, folder: Path, scene: str, supercategory: str, *, with_thickness: bool = False) -> None:
        self._folder, self._scene, self._supercategory = folder, scene, supercategory
        self._is_ours = _is_ours(folder)
        self._entries: list[Mapping[str, Any]] = []
        self._annotations: list[list[dict[str, Any]]] = []
        self._with_thickness = with_thickness

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / UNFINISHED).write_text(json.dumps({"scene": self._scene}), encoding="utf-8")
        (self._folder / TRUTH).unlink(missing_ok=True)
        self._masks = _Arrays(self._own(MASKS))
        self._thickness = _Arrays(self._own(THICKNESS)) if self._with_thickness else None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def add(self, made: SimulatedFile) -> None:
        """Write one image with its description and its mask."""
        self._own(made.name).write_bytes(made.data)
        if made.sidecar:
            self._own(f"{made.name}.json").write_bytes(made.sidecar)
        self._masks.add(made.name, made.labels)
        if self._thickness is not None:
            for material, thickness in made.thickness_mm.items():
                self._thickness.add(f"{made.name}/{material}", thickness.astype("float32"))
        self._entries.append(made.entry)
        self._annotations.append(made.annotations)

    def finish(self) -> dict[str, Any]:
        """Write truth.json in one step and return its content."""
        self._close()
        document = truth_of(self._scene, self._supercategory, self._entries, self._annotations)
        if self._with_thickness:
            document["thickness"] = THICKNESS
        unfinished = self._folder / UNFINISHED
        with unfinished.open("w", encoding="utf-8") as out:
            json.dump(document, out, ensure_ascii=False, allow_nan=False)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(self._folder / TRUTH)
        return document

    def _close(self) -> None:
        self._masks.close()
        if self._thickness is not None:
            self._thickness.close()

    def _own(self, name: str) -> Path:
        path = self._folder / name
        if not self._is_ours and path.exists():
            (self._folder / UNFINISHED).unlink()
            raise WrongUsage(f"{path} is there and not from `kerma simulate`; choose another folder with --out")
        return path


def truth_of(
    scene: str,
    supercategory: str,
    entries: list[Mapping[str, Any]],
    annotations: list[list[dict[str, Any]]],
) -> dict[str, Any]:
    """Return the content of truth.json: the COCO layout, with the physics of every image and its findings."""
    from kerma import __version__
    from kerma.formats import coco

    info = {"description": f"Simulated by kerma: {scene}", "version": __version__, "contributor": "kerma simulate"}
    return {"version": VERSION, "scene": scene, "masks": MASKS} | coco.document(
        info, entries, annotations, supercategory
    )


def _is_ours(folder: Path) -> bool:
    """Return whether a set of ours stands in the folder, whole or broken off."""
    if (folder / UNFINISHED).is_file():
        return True
    if not (folder / TRUTH).exists():
        return False
    try:
        found = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
        is_ours = {"version", "scene", "masks", "images"} <= found.keys()
    except (OSError, ValueError, AttributeError):
        is_ours = False
    if not is_ours:
        raise WrongUsage(f"{folder / TRUTH} is not from `kerma simulate`; choose another folder with --out")
    return True


def zipped(made: Iterable[SimulatedFile], scene: str, supercategory: str) -> Iterator[bytes]:
    """Yield a ZIP archive of a set as its images are made; masks and truth.json come last."""
    out, masks = _Pipe(), io.BytesIO()
    entries: list[Mapping[str, Any]] = []
    annotations: list[list[dict[str, Any]]] = []
    arrays = _Arrays(masks)
    with zipfile.ZipFile(out, "w") as archive:
        for one in made:
            archive.writestr(_member(one.name), one.data)
            if one.sidecar:
                archive.writestr(_member(f"{one.name}.json"), one.sidecar, zipfile.ZIP_DEFLATED)
            arrays.add(one.name, one.labels)
            entries.append(one.entry)
            annotations.append(one.annotations)
            yield out.taken()
        arrays.close()
        archive.writestr(_member(MASKS), masks.getvalue())
        truth = json.dumps(truth_of(scene, supercategory, entries, annotations), ensure_ascii=False, allow_nan=False)
        archive.writestr(_member(TRUTH), truth, zipfile.ZIP_DEFLATED)
    yield out.taken()


def _member(name: str) -> zipfile.ZipInfo:
    """Return a member without the time of day, so that the same set is the same archive."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o644 << 16
    return info


class _Pipe(io.RawIOBase):
    """What a ZIP is written to, and taken from piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class _Arrays:
    """A .npz that is written array by array, so that a large set needs no large memory."""

    def __init__(self, target: Path | BinaryIO) -> None:
        self._file = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)

    def add(self, name: str, array: NDArray[np.generic]) -> None:
        from numpy.lib import format as npy

        info = zipfile.ZipInfo(f"{name}.npy")
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._file.open(info, "w", force_zip64=True) as out:
            npy.write_array(out, array, allow_pickle=False)

    def close(self) -> None:
        self._file.close()
