"""Which source may be used through which penetrated thickness (ISO 17636, Table 2)."""

from __future__ import annotations

from kerma.errors import OutsideTable
from kerma.science.physics.tube_voltage import material_row
from kerma.standards import table

RANGES = "iso_17636-2/source_ranges"


def permitted_range_mm(
    source: str, *, material: str, testing_class: str, tube_voltage_kv: float | None = None, is_agreed: bool = False
) -> tuple[float, float]:
    """Return the penetrated thickness that Table 2 permits a source, from and to, both included.

    ``is_agreed`` takes the lower end that the parties may agree on, where there is one.

    Raises
    ------
    OutsideTable
        The source is not permitted for this material and class; the message says which are.
    """
    rows = _rows(material, testing_class)
    for row in rows:
        if row["source"] == source and (not row["voltage_from_kv"] or _in_band(row, tube_voltage_kv or 0.0)):
            least = row["agreed_from_mm"] if is_agreed and row["agreed_from_mm"] else row["thickness_from_mm"]
            return float(least), float(row["thickness_to_mm"] or "inf")
    known = ", ".join(_range_words(row) for row in rows)
    raise OutsideTable(
        f"{source} is not permitted for {material} in class {testing_class}; Table 2 has {known}; X-rays otherwise"
    )


def fitting_sources(thickness_mm: float, *, material: str, testing_class: str) -> list[str]:
    """Return the sources that Table 2 permits through a penetrated thickness; X-rays of less than 1 MV always are."""
    fits = [
        row["source"]
        for row in _rows(material, testing_class)
        if not row["voltage_from_kv"]
        and float(row["thickness_from_mm"]) <= thickness_mm <= float(row["thickness_to_mm"] or "inf")
    ]
    return [*fits, "X-rays"]


def _rows(material: str, testing_class: str) -> list[dict[str, str]]:
    group = material_row(material)["range_group"]
    return [row for row in table(RANGES) if row["material"] == group and row["testing_class"] == testing_class]


def _in_band(row: dict[str, str], voltage_kv: float) -> bool:
    return float(row["voltage_from_kv"]) < voltage_kv <= float(row["voltage_to_kv"] or "inf")


def _range_words(row: dict[str, str]) -> str:
    band = f" above {float(row['voltage_from_kv']) / 1000:g} MV" if row["voltage_from_kv"] else ""
    to = f" to {row['thickness_to_mm']}" if row["thickness_to_mm"] else " and more"
    return f"{row['source']}{band} {row['thickness_from_mm']}{to} mm"
