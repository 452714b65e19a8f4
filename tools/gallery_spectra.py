"""Draw the figures of spectra, layers and shielding."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from gallery_drawing import BLUE, GREEN, GREY, INK, ORANGE, RED, Plot, beside, draw
from PIL import Image as Picture

from kerma.science import calculations
from kerma.science.physics.archer import coefficients
from kerma.science.physics.boundary import value_layers_mm
from kerma.science.physics.bunker import wall_mm
from kerma.science.physics.spectrum import Spectrum, isotope_spectrum, linac_spectrum, tube_spectrum


def _curve(beam: Spectrum, step_kev: float) -> list[tuple[float, float]]:
    """Return the fluence per keV in equal bins, in 10^6 photons, for drawing."""
    edges = np.arange(0.0, beam.energies_kev[-1] + step_kev, step_kev)
    counts, _ = np.histogram(beam.energies_kev, edges, weights=beam.fluence_cm2)
    return list(zip(((edges[1:] + edges[:-1]) / 2).tolist(), (counts / step_kev / 1e6).tolist(), strict=True))


def spectrum() -> Picture.Image:
    """Tube spectra of several voltages with their lines, and two beams of mammography."""
    tube = Plot(560, 360, (0, 160), (0, 45), "photon energy in keV", "10^6 photons / (keV cm2 mAs) at 1 m")
    for row, (kvp, colour) in enumerate(((150, RED), (100, BLUE), (60, ORANGE))):
        beam = tube_spectrum(kvp, filters_mm={"Al": 3})
        tube.line(_curve(beam, 1.0), colour)
        words = f"{kvp} kV: mean {beam.mean_energy_kev:.1f} keV, HVL {beam.value_layer_mm('Al'):.2f} mm Al"
        tube.word(158, 38 - 3 * row, words, colour, "ra")
    tube.word(158, 42, "W, 12 degrees, behind 3 mm Al", INK, "ra")
    tube.word(70, 16, "K lines at 57.98, 59.32, 67.2 keV", GREY)
    breast = Plot(420, 360, (0, 32), (0, 14), "photon energy in keV", "10^6 photons / (keV cm2 mAs)")
    beams = (("Mo", {"Mo": 0.03}, RED, 13), ("Rh", {"Rh": 0.025}, BLUE, 12), ("W", {"Rh": 0.05}, GREEN, 11))
    for target, filters, colour, up in beams:
        beam = tube_spectrum(28, target=target, filters_mm={"Be": 1.0, **filters}, anode_angle_deg=22)
        breast.line(_curve(beam, 0.5), colour)
        ((material, mm),) = filters.items()
        breast.word(0.8, up, f"{target} / {mm:g} mm {material}", colour)
    breast.word(31.5, 13, "28 kV, 22 degrees", INK, "ra")
    breast.word(31.5, 12, "behind 1 mm Be", INK, "ra")
    return beside(tube.picture, breast.picture)


def hvl() -> Picture.Image:
    """Air kerma behind copper: a tube's beam hardens, one energy does not; and a linac's and an isotope's spectrum."""
    plot = Plot(500, 340, (0, 2), (-2.2, 0), "copper in mm", "log10 of transmitted air kerma")
    tube = tube_spectrum(100, filters_mm={"Al": 3})
    thicknesses = np.linspace(0, 2, 60)
    plot.line([(float(t), float(np.log10(tube.transmission("Cu", thickness_mm=t)))) for t in thicknesses], BLUE)
    first = tube.value_layer_mm("Cu")
    plot.line([(0, 0), (2.2 * first / float(np.log10(2)), -2.2)], GREY)
    for share, words in ((0.5, "half"), (0.25, "quarter"), (0.1, "tenth")):
        at = tube.value_layer_mm("Cu", share=share)
        plot.dots([(at, float(np.log10(share)))], RED)
        plot.word(at + 0.05, float(np.log10(share)) + 0.03, f"{words}: {at:.3f} mm", RED, "lb")
    plot.word(1.98, -1.2, "100 kV, 3 mm Al", BLUE, "ra")
    plot.word(0.62, -2.0, "if it did not harden", GREY)
    linac = Plot(480, 340, (0, 9), (0, 1.05), "photon energy in MeV", "photons per MeV, highest = 1")
    for row, (mev, colour) in enumerate(((9, RED), (6, BLUE), (2, GREEN))):
        beam = linac_spectrum(mev)
        height = beam.fluence_cm2 / beam.fluence_cm2.max()
        linac.line(list(zip((beam.energies_kev / 1000).tolist(), height.tolist(), strict=True)), colour)
        words = f"linac {mev} MeV: mean {beam.mean_energy_kev / 1e3:.2f} MeV"
        linac.word(8.8, 0.98 - 0.07 * row, words, colour, "ra")
    cobalt = isotope_spectrum("Co-60")
    for energy in cobalt.energies_kev:
        linac.line([(float(energy) / 1000, 0), (float(energy) / 1000, 0.5)], ORANGE)
    linac.word(1.45, 0.46, "Co-60", ORANGE)
    return beside(plot.picture, linac.picture)


def shielding() -> Picture.Image:
    """Transmission of lead and concrete for several barriers, with the published case."""
    names = (("primary-bucky-wall", BLUE), ("secondary-floor", GREEN), ("primary-peripheral", ORANGE),
             ("secondary-ct-120", RED), ("primary-mammography", GREY))  # fmt: skip
    lead = Plot(500, 360, (0, 3), (-5, 0), "lead in mm", "log10 of transmission B")
    concrete = Plot(460, 360, (0, 250), (-5, 0), "concrete in mm", "log10 of transmission B")
    for row, (name, colour) in enumerate(names):
        for plot, material in ((lead, "lead"), (concrete, "concrete")):
            if material == "concrete" and "ct" in name:
                continue
            law = coefficients(name, material)
            reach = min(law.thickness_mm(1e-5), plot.across[1])
            plot.line([(float(x), float(np.log10(law.transmission(x)))) for x in np.linspace(0, reach, 120)], colour)
        lead.word(2.98, -0.15 - 0.25 * row, name, colour, "ra")
    case = calculations.run("shielding", barrier="primary-bucky-wall", patients_per_week=120, distance_m=2,
                            occupancy=0.2, limit_mgy_week=0.02).values  # fmt: skip
    for plot, key in ((lead, "lead_mm"), (concrete, "concrete_mm")):
        at, up = float(str(case[key])), float(np.log10(float(str(case["transmission"]))))
        plot.line([(plot.across[0], up), (at, up), (at, -5)], INK, 1)
        plot.dots([(at, up)], INK)
        plot.word(at + plot.across[1] / 60, -4.9, f"{at:.3g} mm", INK, "lb")
    lead.word(0.03, float(np.log10(float(str(case["transmission"])))) - 0.05, "B = 0.00145", INK)
    return beside(lead.picture, concrete.picture)


def barrier() -> Picture.Image:
    """Walls that bring a rate down a millionfold: of a wide beam by the table, of a narrow one by the spectrum."""
    plot = Plot(640, 360, (0, 520), (0, 80), "tube voltage in kV", "lead that lets a millionth through, in mm")
    voltages = (50, 70, 100, 125, 150, 200, 250, 300, 400, 500)
    wide, narrow = [], []
    for kvp in voltages:
        half, tenth = value_layers_mm("lead", radiation="x-ray", tube_voltage_kv=kvp)
        wide.append((kvp, wall_mm(1e-6, hvl_mm=half, tvl_mm=tenth)))
        narrow.append((kvp, tube_spectrum(kvp, filters_mm={"Al": 2}).value_layer_mm("Pb", share=1e-6)))
    for points, colour, words in ((wide, RED, "wide beam, tabulated layers"), (narrow, BLUE, "narrow beam, spectrum")):
        plot.line(points, colour)
        plot.dots(points, colour)
        plot.word(60, 66 if colour == RED else 59, words, colour)
    return plot.picture


FIGURES: dict[str, Callable[[], Picture.Image]] = {
    function.__name__: function for function in (spectrum, hvl, shielding, barrier)
}

if __name__ == "__main__":
    draw(FIGURES, sys.argv[1:])
