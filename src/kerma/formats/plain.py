"""Files of pixels and few words (TIFF, PNG, JPEG, raw): one way from them and a sidecar to Header and Image."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerma.errors import Unreadable
from kerma.formats.header import Format, Header, check_numbers, uid_of
from kerma.formats.sidecar import Sidecar
from kerma.science.imaging.image import GreyScale, Image, PlaneKind, Spacing

_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_ENERGIES = frozenset(["low", "high", "multi", "z-effective", "density", "thin", "thick"])
# Resolutions that programs write when they know none: 72, 96 and 1 an inch.
_MEANINGLESS_DPI = (1.0, 72.0, 96.0)


@dataclass(frozen=True)
class Plain:
    """What a plain file says of itself before its pixels are decoded."""

    rows: int
    columns: int
    planes: int
    bits: int
    spacing: Spacing = Spacing()
    is_inverse: bool = False
    description: str = ""
    acquired_at: str = ""
    machine: tuple[tuple[str, str], ...] = ()
    plane_labels: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def scan(data: bytes | memoryview, kind: str, name: str, notes: Sidecar | None) -> Header:
    """Return the Header of a plain file."""
    look, _ = _format(kind)
    plain = look(data, notes)
    return _header(plain, data, kind, name, notes)  # type: ignore[arg-type]


def read(data: bytes | memoryview, kind: str, name: str, notes: Sidecar | None) -> Image:
    """Return the Image of a plain file."""
    look, decode = _format(kind)
    plain = look(data, notes)
    header = _header(plain, data, kind, name, notes)  # type: ignore[arg-type]
    pixels, warnings = _as_planes(decode(data, plain, notes), plain)
    check_numbers(pixels)
    if pixels.ndim == 4:
        plain = replace(plain, bits=8)
    return _image(replace(plain, warnings=plain.warnings + warnings), header, pixels, notes)


def spacing_from_resolution(row_per_mm: float, column_per_mm: float) -> tuple[Spacing, tuple[str, ...]]:
    """Return the spacing of a stated resolution; a program's default resolution is no scale.

    What a scanner or detector states is the distance on the film or detector, never on the object.
    """
    if not (np.isfinite(row_per_mm) and np.isfinite(column_per_mm) and row_per_mm > 0 and column_per_mm > 0):
        return Spacing(), ()
    dpi = column_per_mm * 25.4
    if any(abs(dpi - default) < 0.5 for default in _MEANINGLESS_DPI):
        return Spacing(), (f"the stated {dpi:.0f} dots per inch are a program's default, so the scale is unknown",)
    return Spacing(1.0 / row_per_mm, 1.0 / column_per_mm, "detector"), ()


def _format(kind: str) -> tuple[Callable[..., Plain], Callable[..., NDArray[Any]]]:
    import importlib

    module = importlib.import_module(f"kerma.formats.{kind.lower()}")
    return module.look, module.decode


def _as_planes(pixels: NDArray[Any], plain: Plain) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Give (plane, row, column), grey where the colours are equal; otherwise 8-bit RGB."""
    if pixels.ndim == 3:
        return pixels, ()
    if pixels.shape[-1] in (2, 4):
        pixels, warnings = pixels[..., :-1], ("the transparency of the image was left out",)
    else:
        warnings = ()
    first = pixels[..., 0]
    if pixels.shape[-1] == 1 or all(np.array_equal(first, pixels[..., other]) for other in (1, 2)):
        return np.ascontiguousarray(first), warnings
    if pixels.dtype != np.uint8:
        if pixels.dtype.kind != "u":
            raise Unreadable(f"colour pixels of type {pixels.dtype} are no image Kerma reads")
        pixels = (pixels >> (plain.bits - 8)).astype(np.uint8)
        warnings += (f"colour of {plain.bits} bits is shown with 8",)
    return np.ascontiguousarray(pixels), warnings


def _header(plain: Plain, data: bytes | memoryview, kind: Format, name: str, notes: Sidecar | None) -> Header:
    told = notes or Sidecar({})
    digest = hashlib.sha256(data).digest()
    subject = told.get("subject") or Path(name).stem or digest.hex()[:12]
    exam = told.get("exam") or ""
    exam_uid = exam if _UID.fullmatch(exam) and len(exam) <= 64 else _named_uid("exam", exam and subject, exam, digest)
    series_uid = _named_uid("series", exam_uid, told.get("series") or "", digest)
    acquired_at = told.get("acquired_at") or plain.acquired_at
    machine = dict(plain.machine) | (told.get("machine") or {})
    return Header(
        format=kind,
        kind="image",
        image_uid=uid_of(data),
        series_uid=series_uid,
        exam_uid=exam_uid,
        subject_id=subject,
        subject_name=told.get("subject_name") or "",
        accession=told.get("accession") or "",
        exam_date=acquired_at[:10],
        exam_time=acquired_at[11:19],
        exam_id="" if exam == exam_uid else exam,
        exam_description=told.get("description") or plain.description,
        modality=told.get("modality") or "",
        series_description=told.get("series") or "",
        body_part=told.get("body_part") or "",
        image_number=told.get("number"),
        rows=plain.rows,
        columns=plain.columns,
        planes=plain.planes,
        bits=_bits(plain, told),
        manufacturer=machine.get("manufacturer", ""),
        model=machine.get("model", ""),
        serial_number=machine.get("serial_number", ""),
        station=machine.get("station", ""),
        institution=machine.get("institution", ""),
        acquired_at=acquired_at,
        industry_hint=told.get("industry") or "",
        warnings=plain.warnings + told.warnings,
    )


def _named_uid(what: str, parent: str, name: str, digest: bytes) -> str:
    """Return the identifier of a named exam or series, or one of the file's own where it names none."""
    seed = f"{what}\n{parent}\n{name}".encode() if name else what.encode() + digest
    return uid_of(hashlib.sha256(seed).digest())


def _bits(plain: Plain, told: Sidecar) -> int:
    bits = told.get("bits")
    if bits is not None and bits > plain.bits:
        raise Unreadable(f"'bits' in the JSON description is {bits}, but a pixel of the file has only {plain.bits}")
    return bits or plain.bits


def _spacing(plain: Plain, told: Sidecar) -> Spacing:
    spacing = told.get("spacing_mm")
    if spacing is None:
        return plain.spacing
    row_mm, column_mm = spacing if isinstance(spacing, list) else (spacing, spacing)
    return Spacing(float(row_mm), float(column_mm), told.get("spacing_source") or "calibrated")


def _planes(plain: Plain, told: Sidecar) -> tuple[PlaneKind, tuple[str, ...]]:
    labels = tuple(told.get("plane_labels") or plain.plane_labels)
    if labels and len(labels) != plain.planes:
        raise Unreadable(f"{len(labels)} plane labels are given for {plain.planes} planes")
    are_energies = bool(labels) and all(label in _ENERGIES for label in labels)
    return told.get("plane_kind") or ("energy" if are_energies else "frame"), labels


def _image(plain: Plain, header: Header, pixels: NDArray[Any], notes: Sidecar | None) -> Image:
    told = notes or Sidecar({})
    technique: dict[str, float | str] = dict(told.get("technique") or {})
    technique |= {key: told.get(key) for key in ("thickness_mm", "material") if told.get(key) is not None}
    plane_kind, plane_labels = _planes(plain, told)
    is_inverse = told.get("is_inverse")
    return Image(
        pixels=pixels,
        bits=header.bits,
        meaning=told.get("meaning") or "unknown",
        grey=GreyScale(is_inverse=plain.is_inverse if is_inverse is None else is_inverse),
        spacing=_spacing(plain, told),
        rises_with_dose=told.get("rises_with_dose"),
        padding_value=told.get("padding_value"),
        plane_kind=plane_kind,
        plane_labels=plane_labels,
        format=header.format,
        modality=header.modality,
        subject_id=header.subject_id,
        subject_name=header.subject_name,
        exam_uid=header.exam_uid,
        series_uid=header.series_uid,
        image_uid=header.image_uid,
        description=header.exam_description,
        body_part=header.body_part,
        view=told.get("view") or "",
        acquired_at=header.acquired_at,
        machine=dict(plain.machine) | (told.get("machine") or {}),
        technique=technique,
        warnings=plain.warnings + told.warnings,
    )
