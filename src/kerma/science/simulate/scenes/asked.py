"""What is asked of a family of scenes: the options with their defaults; ``random`` and None leave it to the dice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """What is asked of a part: weld, casting, composite, corroded wall. Each family takes those it has a use for."""

    size_px: int = 512
    flaws: str = "random"
    difficulty: str = "random"
    thickness_mm: float | None = None
    diameter_mm: float | None = None
    material: str = "random"
    technique: str = "random"
    construction: str = "random"
    source: str = "random"
    look: str = "digital"
    artefacts: str = "random"


@dataclass(frozen=True)
class Gauge:
    """What is asked of a gauge on a plate."""

    size_px: int = 512
    snr: float = 200.0
    blur_px: float = 0.6
    tube_voltage_kv: float = 160.0
    thickness_mm: float = 10.0
    material: str = "steel"
    tilt_deg: float | None = None
    first_wire: str = "W10"
    length_mm: float = 25.0
    first_hole: str = "H5"
    plaque_mm: float | None = None


@dataclass(frozen=True)
class Duplex:
    """What is asked of a duplex gauge before the detector."""

    size_px: int = 1024
    snr: float = 200.0
    blur_px: float = 1.0
    pitch_mm: float = 0.05
    tilt_deg: float | None = None
    tube_voltage_kv: float = 90.0
    pairs: int = 13
    gap_mm: float = 2.6
    order: str = "random"
    way: str = "random"


@dataclass(frozen=True)
class Pattern:
    """What is asked of bars, an edge, a slit, steps or an even field."""

    size_px: int = 512
    snr: float = 200.0
    blur_px: float = 0.6
    pitch_mm: float = 0.1
    tilt_deg: float | None = None
    tube_voltage_kv: float = 160.0
    width_mm: float = 0.05
    material: str = "steel"
    thickness_mm: float = 10.0
    steps: int = 8
    step_mm: float = 2.0
    fixed_pattern_percent: float = 0.0
