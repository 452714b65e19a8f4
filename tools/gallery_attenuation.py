"""Draw the figures of attenuation, effective number and dual energy, docs/science/pictures/<name>.png."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import numpy as np
from gallery_drawing import BLUE, FONT, GREEN, GREY, INK, ORANGE, PAPER, RED, Plot, beside, draw
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw

from kerma.science.physics.attenuation import SEAM_KEV, mass_attenuation, mass_energy_absorption, transmission
from kerma.science.physics.dual_energy import calibrate, decompose
from kerma.science.physics.dual_layer import dual_layer
from kerma.science.physics.effective_number import electron_density_mol_cm3, zeff
from kerma.science.physics.material_lookup import calibrate_lookup, effective_numbers
from kerma.science.physics.materials import density_of
from kerma.science.physics.spectral_channel import Channel

SNR = (300.0, 300.0)
ENERGIES = np.geomspace(1.0, 20000.0, 1200)
COLOURS = {"polyethylene": ORANGE, "water": ORANGE, "Al": GREEN, "Fe": BLUE, "Pb": GREY}


def attenuation() -> Picture.Image:
    """Mass attenuation of four elements and water over the whole range, and a close look at the seam."""
    plot = Plot(440, 330, (0, np.log10(20000)), (-2, 4), "energy, log10 of keV", "log10 of cm2/g")
    near = Plot(440, 330, (400, 1600), (0.04, 0.14), "energy, keV", "cm2/g")
    for material, colour in COLOURS.items():
        if material == "polyethylene":
            continue
        values = mass_attenuation(material, ENERGIES)
        plot.line(list(zip(np.log10(ENERGIES), np.log10(values), strict=True)), colour)
        close = np.linspace(400, 1600, 200)
        shown = [
            (float(e), float(v)) for e, v in zip(close, mass_attenuation(material, close), strict=True) if v < 0.14
        ]
        near.line(shown, colour)
    for name, energy, colour, up in (("Pb", 30.0, GREY, 0.18), ("Fe", 9.0, BLUE, 0.25), ("Al", 1.7, GREEN, 0.3),
                                     ("water", 4.0, ORANGE, -0.55)):  # fmt: skip
        value = float(mass_attenuation(name, energy))
        plot.word(float(np.log10(energy)), float(np.log10(value)) + up, name, colour)
    plot.mark(float(np.log10(SEAM_KEV)), "800 keV", RED)
    near.mark(SEAM_KEV, "XrayDB | NIST", RED)
    near.mark(1173.2, "Co-60", INK, drop=2)
    near.mark(1332.5, "", INK)
    places = (
        ("Pb", 610, 0.121, GREY),
        ("water", 480, 0.099, ORANGE),
        ("Al", 660, 0.079, GREEN),
        ("Fe", 560, 0.075, BLUE),
    )
    for name, energy, up, colour in places:
        near.word(energy, up, name, colour)
    return beside(plot.picture, near.picture)


def energy_absorption() -> Picture.Image:
    """Attenuation and energy absorption of air: between them lies what is scattered away."""
    plot = Plot(560, 330, (0, np.log10(20000)), (-2, 4), "energy, log10 of keV", "log10 of cm2/g")
    for function, colour in ((mass_attenuation, BLUE), (mass_energy_absorption, RED)):
        plot.line(list(zip(np.log10(ENERGIES), np.log10(function("air", ENERGIES)), strict=True)), colour)
    plot.word(1.9, 0.1, "attenuation of air", BLUE)
    plot.word(1.2, -1.75, "energy absorption", RED)
    return plot.picture


def transmission_() -> Picture.Image:
    """Transmission of four materials at 150 keV over thickness."""
    plot = Plot(560, 330, (0, 60), (0, 1), "thickness, mm", "share that passes at 150 keV")
    thickness = np.linspace(0, 60, 200)
    for material, colour in (("water", ORANGE), ("Al", GREEN), ("Fe", BLUE), ("Pb", GREY)):
        values = [float(transmission(material, 150.0, thickness_mm=float(mm))) for mm in thickness]
        plot.line(list(zip(thickness, values, strict=True)), colour)
        place = {"water": 46, "Al": 25, "Fe": 8.5, "Pb": 0.9}[material]
        value = float(transmission(material, 150.0, thickness_mm=place))
        plot.word(place + 1.0, value + 0.03, material, colour)
    return plot.picture


def effective_number() -> Picture.Image:
    """Spectral number against the power law, over electron density: everyday things and explosives."""
    plot = Plot(620, 380, (0.3, 1.5), (5, 16), "electron density, mol/cm3", "effective atomic number Ze")
    shown = {
        "polyethylene": ORANGE, "pmma": ORANGE, "water": ORANGE, "ptfe": ORANGE, "alcohol": ORANGE, "tnt": RED,
        "rdx": RED, "petn": RED, "ammonium nitrate": RED, "black powder": RED, "salt": GREEN, "quartz": GREEN,
        "aluminium": GREEN, "bone": GREEN, "pvc": GREEN,
    }  # fmt: skip
    offsets = {
        "rdx": (0.0, -0.55, "mm"), "tnt": (-0.012, 0.0, "rm"), "petn": (-0.02, 0.5, "mm"),
        "ammonium nitrate": (0.03, 0.3, "lm"),
    }  # fmt: skip
    for name, colour in shown.items():
        place = electron_density_mol_cm3(name, density_g_cm3=density_of(name)), zeff(name)
        plot.dots([place], colour)
        right, up, anchor = offsets.get(name, (0.012, 0.0, "lm"))
        plot.word(place[0] + right, place[1] + up, name, colour, anchor)
    return plot.picture


def dual_ratio() -> Picture.Image:
    """The ratio of low to high attenuation falls with what lies in the ray: no ratio names a material."""
    low, high = dual_layer()
    plot = Plot(620, 380, (0, 5), (1, 4.4), "high-energy attenuation", "ratio of low to high")
    wanted = np.linspace(0.05, 5.0, 220)
    for material, colour in COLOURS.items():
        above = Channel.of(high, (material,))
        thickness = above.thickness(wanted, 0)[:, None]
        ratio = Channel.of(low, (material,)).attenuation(thickness) / wanted
        plot.line(list(zip(wanted, ratio, strict=True)), colour, 3 if material == "Pb" else 2)
        if material != "polyethylene":
            at, up = {"water": (30, 0.17), "Al": (60, 0.18), "Fe": (45, 0.12), "Pb": (45, -0.03)}[material]
            plot.word(float(wanted[at]) + 0.05, float(ratio[at]) + up, material, colour)
    plot.word(0.15, 1.03, "polyethylene", ORANGE, "lb")
    return plot.picture


def decomposition() -> Picture.Image:
    """A wedge of water with steps of aluminium and iron, taken apart with its noise, and where nothing can be told."""
    low, high = dual_layer()
    rows, columns = 150, 300
    water, aluminium, iron = (np.zeros((rows, columns)) for _ in range(3))
    water[:] = np.linspace(0, 250, columns)
    for step, mm in enumerate((2.0, 8.0, 25.0)):
        aluminium[15:60, 30 + 90 * step : 90 + 90 * step] = mm
    for step, mm in enumerate((0.5, 2.0, 8.0)):
        iron[90:135, 30 + 90 * step : 90 + 90 * step] = mm
    rays = np.stack([water, aluminium, iron], -1).reshape(-1, 3)
    random = np.random.default_rng(1)
    seen = []
    for beam in (low, high):
        clean, _, variance = Channel.of(beam, ("water", "Al", "Fe")).expand(rays)
        noisy = clean + np.sqrt(variance) / SNR[0] * random.standard_normal(clean.size)
        seen.append(noisy.reshape(rows, columns))
    parts = decompose(calibrate(low, high), *seen, open_snr=SNR)
    numbers = effective_numbers(calibrate_lookup(low, high), *seen, open_snr=SNR)
    pictures = [
        _grey(parts.thickness_mm[..., 0], (0, 300), "polyethylene, 0 to 300 mm"),
        _grey(parts.thickness_mm[..., 1], (-0.3, 6), "iron, 0 to 6 mm"),
        _classes(numbers.classes(), "class; black: cannot be told"),
    ]
    return beside(*pictures)


def _grey(values: NDArray[np.float64], window: Sequence[float], title: str) -> Picture.Image:
    share = np.clip((np.nan_to_num(values, nan=window[0]) - window[0]) / (window[1] - window[0]), 0, 1)
    return _titled(np.repeat((255 - share * 255).astype(np.uint8)[..., None], 3, -1), title)


def _classes(classes: NDArray[np.str_], title: str) -> Picture.Image:
    picture = np.full((*classes.shape, 3), 30, np.uint8)
    for name, colour in (("organic", ORANGE), ("mixed", GREEN), ("metal", BLUE)):
        picture[classes == name] = colour
    return _titled(picture, title)


def _titled(pixels: NDArray[np.uint8], title: str) -> Picture.Image:
    whole = Picture.new("RGB", (pixels.shape[1], pixels.shape[0] + 24), PAPER)
    whole.paste(Picture.fromarray(pixels), (0, 24))
    ImageDraw.Draw(whole).text((2, 2), title, fill=INK, font=FONT)
    return whole


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    "attenuation": attenuation, "energy-absorption": energy_absorption, "transmission": transmission_,
    "zeff": effective_number, "dual-energy-signal": dual_ratio, "dual-energy": decomposition,
}  # fmt: skip

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])
