"""Lines of the technique sheet of ISO 17636-1 (film) and ISO 17636-2 (CR and digital detector arrays)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kerma.errors import OutsideTable, WrongUsage
from kerma.science.physics import indicators, pipe_exposures, source_distance, tube_voltage, unsharpness
from kerma.science.physics.source_ranges import RANGES, fitting_sources, permitted_range_mm
from kerma.science.physics.table_rows import quantity, row_at
from kerma.science.physics.technique_lines import XRAY, Line, Shot, derived, tabled
from kerma.standards import table

SNR = "iso_17636-2/snr_n"
TECHNIQUE = "iso_17636-2/technique"
FILM_CLASSES = "iso_17636-1/film_classes"
DENSITY = "iso_17636-1/density"


def lines(shot: Shot) -> tuple[Line, ...]:
    """Return the lines of the sheet, in the order of the work: source, distance, exposures, indicators, image."""
    parts = (_source, _distance, _geometry, _exposures, _indicators, _film if shot.detector == "film" else _digital)
    found = (line for part in parts for line in part(shot))
    if shot.detector != "film":
        return tuple(found)
    # Part 1 asks for the same indicators and source ranges by the same tables.
    return tuple(replace(line, clause=line.clause.replace("ISO 17636-2,", "ISO 17636-1,")) for line in found)


def snr_n_min(shot: Shot, *, tube_voltage_kv: float | None = None) -> tuple[float, str]:
    """Return the least normalized SNR and its clause: Tables 3 and 4, and 1.4 times for Se-75 through a thin wall."""
    group = tube_voltage.material_row(shot.material)["quality_group"]
    row = row_at(
        SNR, material=group, radiation=_radiation(SNR, group, shot), testing_class=shot.testing_class,
        thickness_mm=shot.w_mm, voltage_kv=None if shot.is_gamma else tube_voltage_kv,
    )  # fmt: skip
    least, clause = float(row["snr_n"]), row["table"]
    is_thin = shot.w_mm < quantity(TECHNIQUE, "se75_thin_below_mm")
    if shot.source == "Se-75" and shot.testing_class == "B" and is_thin:
        rule = row_at(TECHNIQUE, quantity="se75_snr_factor")
        return least * float(rule["value"]), f"{clause} and {rule['clause']}"
    return least, clause


def _source(shot: Shot) -> Iterator[Line]:
    yield derived("penetrated thickness w", "penetrated_thickness_mm", shot.w_mm, "mm")
    if not shot.is_gamma and (shot.tube_voltage_kv or 0) <= quantity(tube_voltage.LIMIT, "highest_voltage_kv"):
        highest = tube_voltage.max_voltage_kv(shot.w_mm, material=shot.material)
        yield tabled(
            "maximum tube voltage", "max_voltage_kv", highest, "kV", tube_voltage.CURVES,
            given=shot.tube_voltage_kv, asked="at most",
            note="" if shot.detector == "film" else "more voltage is offset by more SNR: compensation I",
        )  # fmt: skip
        return
    (low, high), (agreed, _) = (
        permitted_range_mm(
            shot.source, material=shot.material, testing_class=shot.testing_class,
            tube_voltage_kv=shot.tube_voltage_kv, is_agreed=is_agreed,
        )
        for is_agreed in (False, True)
    )  # fmt: skip
    if not agreed <= shot.w_mm <= high:
        raise OutsideTable(
            f"{shot.source} is permitted through {low:g} to {high:g} mm of {shot.material} in class "
            f"{shot.testing_class}, not through w = {shot.w_mm:g} mm; {_what_fits(shot)}"
        )
    yield tabled(
        "least thickness for the source", "thickness_from_mm", low, "mm", RANGES, given=shot.w_mm, asked="at least",
        note=f"from {agreed:g} mm by agreement; {_what_fits(shot)}" if agreed < low else "",
    )  # fmt: skip
    if high < float("inf"):
        yield tabled(
            "most thickness for the source", "thickness_to_mm", high, "mm", RANGES, given=shot.w_mm, asked="at most"
        )


def _distance(shot: Shot) -> Iterator[Line]:
    yield derived("source side to detector b", "object_detector_mm", shot.b_mm, "mm")
    f = source_distance.min_source_distance_mm(
        focal_spot_mm=shot.focal_spot_mm, object_detector_mm=shot.b_mm, testing_class=shot.testing_class,
        thickness_mm=shot.thickness_mm, is_planar=shot.is_planar and not shot.is_double_image,
    )  # fmt: skip
    yield tabled(
        "source-to-object distance f", "min_source_distance_mm", f, "mm", source_distance.FACTORS,
        given=shot.f_mm, asked="at least",
    )  # fmt: skip
    reduced = source_distance.reduced_distance_mm(f, geometry=shot.geometry)
    if reduced < f:
        yield tabled(
            "f where a reduction is agreed", "reduced_source_distance_mm", reduced, "mm", source_distance.REDUCTIONS,
            note="only if the indicators asked for are seen",
        )  # fmt: skip
    whole = source_distance.min_source_detector_mm(
        source_object_mm=f, object_detector_mm=shot.b_mm, detector_diagonal_mm=shot.detector_diagonal_mm
    )
    if shot.geometry == "double-wall-single-image":
        whole = max(whole, (shot.outer_diameter_mm or 0.0) + shot.gap_mm)
    yield tabled(
        "source-to-detector distance", "min_source_detector_mm", whole, "mm", source_distance.FACTORS,
        given=shot.source_detector_mm, asked="at least",
    )  # fmt: skip


def _geometry(shot: Shot) -> Iterator[Line]:
    if shot.source_detector_mm is None:
        return
    shot_geometry = {"object_detector_mm": shot.b_mm, "source_detector_mm": shot.source_detector_mm}
    ug = unsharpness.geometric_unsharpness_mm(focal_spot_mm=shot.focal_spot_mm, **shot_geometry)
    yield derived("geometric unsharpness", "unsharpness_mm", ug, "mm", clause="d b / f")
    v = unsharpness.magnification(**shot_geometry)
    yield derived("magnification", "magnification", v, "")
    if shot.srb_um is None or shot.detector == "film":
        return
    srb_mm = shot.srb_um / 1000
    yield derived(
        "SRb of the image, at the object", "srb_image_um", _image_srb_um(shot, shot.srb_um), "µm", clause="square rule"
    )
    yield tabled(
        "U_G over SRb of the detector", "unsharpness_to_srb_max", quantity(TECHNIQUE, "unsharpness_ratio"), "",
        TECHNIQUE, clause="Annex F", given=ug / srb_mm, asked="at most",
        note="above it the visibility of the indicators must be compensated",
    )  # fmt: skip


def _exposures(shot: Shot) -> Iterator[Line]:
    diameter = shot.outer_diameter_mm
    if diameter is None:
        return
    number = _number_of_exposures(shot, diameter)
    if number is not None:
        yield tabled(
            "exposures of the whole weld", "exposures", number, "", pipe_exposures.RULES,
            given=shot.exposures, asked="at least",
        )  # fmt: skip
    if shot.geometry != "double-wall-elliptical":
        return
    fits = pipe_exposures.is_elliptical_allowed(
        thickness_mm=shot.thickness_mm, outer_diameter_mm=diameter, weld_width_mm=shot.weld_width_mm
    )
    yield tabled(
        "pipe fit for an elliptical image", "elliptical_fit", 1, "", pipe_exposures.RULES,
        given=int(fits), asked="at least",
        note="else superimposed, or a single image through both walls",
    )  # fmt: skip
    if shot.weld_width_mm is not None and shot.f_mm is not None:
        offset = pipe_exposures.elliptical_offset_mm(
            weld_width_mm=shot.weld_width_mm, outer_diameter_mm=diameter, source_object_mm=shot.f_mm
        )
        yield derived(
            "source beside the weld plane", "source_offset_mm", offset, "mm", note="images one weld width apart"
        )


def _number_of_exposures(shot: Shot, diameter: float) -> int | None:
    """Return the exposures of a girth weld; None where they hang on a distance that is not given."""
    if shot.geometry == "panoramic":
        return 1
    if shot.is_double_image:
        return pipe_exposures.double_image_exposures(
            thickness_mm=shot.thickness_mm, outer_diameter_mm=diameter,
            is_superimposed=shot.geometry == "double-wall-superimposed",
        )  # fmt: skip
    if shot.source_detector_mm is None:
        return None
    axis_mm, is_near = _source_place(shot, diameter, shot.source_detector_mm)
    number = pipe_exposures.single_image_exposures(
        thickness_mm=shot.thickness_mm, outer_diameter_mm=diameter, testing_class=shot.testing_class,
        source_axis_mm=axis_mm, is_near_wall=is_near,
    )  # fmt: skip
    is_double = shot.geometry == "double-wall-single-image"
    return max(number, int(pipe_exposures.rule("single_image_least_exposures")) if is_double else 1)


def _source_place(shot: Shot, diameter: float, source_detector_mm: float) -> tuple[float, bool]:
    """Return the distance of the source from the axis of the pipe, and whether it stands on the examined side."""
    if shot.geometry == "double-wall-single-image":
        return source_detector_mm - shot.gap_mm - diameter / 2, False
    f_mm = source_detector_mm - shot.b_mm
    if shot.geometry == "single-wall":
        return f_mm + diameter / 2, True
    bore = diameter / 2 - shot.thickness_mm
    if f_mm >= 2 * bore:
        raise WrongUsage(f"a source inside stands at most {2 * bore:g} mm from the wall; f = {f_mm:g} mm does not fit")
    return abs(bore - f_mm), f_mm < bore


def _indicators(shot: Shot) -> Iterator[Line]:
    if shot.geometry == "double-wall-single-image" and shot.side == "source":
        raise WrongUsage("behind two walls a single image has its indicators at the detector: indicator-side detector")
    at = f"{shot.side} side"
    for key, size, words, asked_for in (
        ("wire", "wire_mm", "wire", indicators.wire),
        ("step_hole", "hole_mm", "or step hole", indicators.step_hole),
    ):
        found = asked_for(
            shot.indicator_thickness_mm, testing_class=shot.testing_class, side=shot.side,
            is_double_image=shot.is_double_image,
        )  # fmt: skip
        yield tabled(f"{words}, {at}", key, found.name, "", found.table, clause=found.clause)
        yield tabled(f"{words}, diameter", size, found.diameter_mm, "mm", found.table, clause=found.clause)


def _digital(shot: Shot) -> Iterator[Line]:
    pair = indicators.duplex(shot.indicator_thickness_mm, testing_class=shot.testing_class)
    yield tabled("duplex wire pair", "duplex", pair.name, "", pair.table, clause=pair.clause)
    srb_um = None if shot.srb_um is None else _compared_srb_um(shot, shot.srb_um)
    yield tabled(
        "basic spatial resolution", "srb_um", pair.diameter_mm * 1000, "µm", pair.table, clause=pair.clause,
        given=srb_um, asked="at most", note="of the detector; of the image where it is magnified",
    )  # fmt: skip
    yield from _compensation(shot, pair, srb_um)
    voltage = shot.tube_voltage_kv
    note = ""
    if voltage is None and not shot.is_gamma:
        voltage = tube_voltage.max_voltage_kv(shot.w_mm, material=shot.material)
        note = f"at the maximum voltage, {voltage:.0f} kV; lower voltages may ask for more"
    least, clause = snr_n_min(shot, tube_voltage_kv=voltage)
    yield tabled(
        "normalized SNR", "snr_n_min", least, "", SNR, clause=clause, given=shot.snr_n, asked="at least", note=note
    )


def _compensation(shot: Shot, pair: indicators.Indicator, srb_um: float | None) -> Iterator[Line]:
    """Yield how many duplex pairs are missing, and the finer wire that may make up for them by more SNR."""
    missing = 0 if srb_um is None else indicators.missing_pairs(srb_um, asked=pair)
    most, agreed = (int(quantity(TECHNIQUE, f"compensated_pairs{by}")) for by in ("", "_by_agreement"))
    yield tabled(
        "missing duplex pairs that may be made up", "compensated_pairs_max", most, "", TECHNIQUE,
        clause="compensation II", given=None if srb_um is None else missing, asked="at most",
        note=f"one finer wire for each, by more SNR; {agreed} by agreement",
    )  # fmt: skip
    if not 0 < missing <= agreed:
        return
    wire = indicators.wire(
        shot.indicator_thickness_mm, testing_class=shot.testing_class, side=shot.side,
        is_double_image=shot.is_double_image,
    )  # fmt: skip
    finer = indicators.finer_wire(wire, steps=missing)
    if finer is not None:
        yield tabled("wire that makes up for them", "compensating_wire", finer, "", TECHNIQUE, clause="compensation II")


def _compared_srb_um(shot: Shot, srb_um: float) -> float:
    """Return the SRb that counts: the detector's in contact, the image's where the object is magnified."""
    if shot.source_detector_mm is None:
        return srb_um
    v = unsharpness.magnification(object_detector_mm=shot.b_mm, source_detector_mm=shot.source_detector_mm)
    return _image_srb_um(shot, srb_um) if v > quantity(TECHNIQUE, "contact_magnification") else srb_um


def _image_srb_um(shot: Shot, srb_um: float) -> float:
    v = unsharpness.magnification(object_detector_mm=shot.b_mm, source_detector_mm=shot.source_detector_mm or 0.0)
    total_mm = unsharpness.image_unsharpness_mm(focal_spot_mm=shot.focal_spot_mm, srb_mm=srb_um / 1000, magnification=v)
    return 500 * total_mm  # unsharpness is twice the SRb


def _film(shot: Shot) -> Iterator[Line]:
    row = row_at(DENSITY, testing_class=shot.testing_class)
    yield tabled(
        "optical density", "density_min", float(row["least_density"]), "", DENSITY, given=shot.density, asked="at least"
    )
    group = tube_voltage.material_row(shot.material)["quality_group"]
    voltage = shot.tube_voltage_kv
    if voltage is None and not shot.is_gamma:
        voltage = tube_voltage.max_voltage_kv(shot.w_mm, material=shot.material)
    try:
        film = row_at(
            FILM_CLASSES, material=group, radiation=_radiation(FILM_CLASSES, group, shot),
            testing_class=shot.testing_class, thickness_mm=shot.w_mm, voltage_kv=None if shot.is_gamma else voltage,
        )["film_class"]  # fmt: skip
        note = "or a finer one"
    except OutsideTable:
        film, note = "not tabulated", "take it from the standard"
    yield tabled("film system class", "film_class", film, "", FILM_CLASSES, note=note)


def _radiation(name: str, group: str, shot: Shot) -> str:
    """Return the word by which a table names the source: the nuclide, or "gamma" where all nuclides share a row."""
    words = {row["radiation"] for row in table(name) if row["material"] == group}
    return shot.source if shot.source in words or shot.source == XRAY else "gamma"


def _what_fits(shot: Shot) -> str:
    fits = fitting_sources(shot.w_mm, material=shot.material, testing_class=shot.testing_class)
    return f"what fits: {', '.join(fits)}"
