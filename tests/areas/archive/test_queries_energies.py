"""Both energies of an image: planes of one file, or files of their own that are paired by what they show."""

from __future__ import annotations

import base64
import dataclasses
import functools
import json
from typing import Any

import cv2
import numpy as np
import pytest

from films import Archive, film
from kerma.areas.archive import queries, queries_energies, queries_render, routes_tiles, tiles_pixels
from kerma.errors import WrongUsage
from kerma.formats import dicom_new, read
from kerma.formats.dicom_write import Identity
from kerma.science.imaging import enhance
from kerma.science.imaging.image import Image
from kerma.science.simulate import ready_scene

EXAM = "1.2.826.0.1.3680043.9.7433.77"


@functools.cache
def views() -> tuple[Image, ...]:
    return tuple(view.image for view in ready_scene("cabin-bag").build(1, size_px=96, threat="none"))


@functools.cache
def files() -> dict[str, bytes]:
    """Return the files of both views by view and label, as a scanner sends them: one series, one file per energy."""
    found = {}
    for number, view in enumerate(views()):
        image = dataclasses.replace(view, image_uid=f"{EXAM}.{number + 1}", exam_uid=EXAM, series_uid=f"{EXAM}.9")
        written = dicom_new.write(image, "dicos", Identity(EXAM, subject_id="BAG-1"))
        found |= {f"{number} {label}": data for label, data in zip(image.plane_labels, written, strict=True)}
    return found


def stored(archive: Archive, names: list[str]) -> dict[str, int]:
    keys = {}
    for name in names:
        result = archive.ingest(files()[name], f"{name}.dcs", industry="security")
        assert result.image_pk is not None, result
        keys[name] = result.image_pk
    return keys


def row_of(archive: Archive, image_pk: int) -> dict[str, Any]:
    with archive.kernel.database.read() as connection:
        row = queries.image_by_pk(connection, image_pk)
    assert row is not None
    return row


def energies(archive: Archive, image_pk: int) -> dict[str, Any] | None:
    content = tiles_pixels.pixels(archive.kernel, row_of(archive, image_pk))
    return routes_tiles.Pixels.model_validate_json(content, strict=True).model_dump()["energies"]


ORDERS = {
    "view by view": ["0 low", "0 high", "0 z-effective", "1 low", "1 high", "1 z-effective"],
    "energy by energy": ["1 low", "0 low", "0 high", "1 high", "0 z-effective", "1 z-effective"],
}


@pytest.mark.parametrize("order", ORDERS)
def test_files_of_one_energy_are_paired_by_what_they_show(archive: Archive, order: str) -> None:
    keys = stored(archive, ORDERS[order])
    for view in ("0", "1"):
        for label in ("low", "high", "z-effective"):
            found = energies(archive, keys[f"{view} {label}"])
            assert found is not None
            told = [found[f"{name}_image"] for name in ("low", "high", "z")]
            assert told == [keys[f"{view} {each}"] for each in ("low", "high", "z-effective")]
            assert (found["low_plane"], found["high_plane"], found["z_plane"]) == (0, 0, 0)
            assert found["blank_high"] == pytest.approx(58000, rel=0.01)
            # The numbers come with their scale, so that a lookup can be held against them.
            assert (found["calibration"], found["lookup"]["name"]) == ("machine", "simulated-160kv")


def test_what_comes_later_is_found_although_the_description_is_kept(archive: Archive) -> None:
    keys = stored(archive, ["0 low", "1 high"])
    assert energies(archive, keys["0 low"]) is None
    keys |= stored(archive, ["0 high"])
    found = energies(archive, keys["0 low"])
    assert found is not None
    assert found["high_image"] == keys["0 high"]
    assert energies(archive, keys["1 high"]) is None


def test_a_chain_of_both_energies_is_repeated_from_files_of_their_own(archive: Archive) -> None:
    keys = stored(archive, ORDERS["energy by energy"])
    whole = dataclasses.replace(views()[0], technique={"tube_voltage_kv": 160.0})
    step = enhance.step_of("material_colour")
    parameters = enhance.switched_on(step, enhance.statistics(whole, 1))
    chain = enhance.parse({"steps": [{"name": step.name, "parameters": parameters}]})
    expected = enhance.run(views()[0], 1, chain)
    for name in ("0 low", "0 high"):
        asked = queries_render.rendering(chain=json.dumps(chain.as_json()))
        made = queries_render.picture(archive.kernel, row_of(archive, keys[name]), asked)
        shown = cv2.imdecode(np.frombuffer(made.png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert np.array_equal(shown, expected)


def test_without_the_other_energy_the_chain_is_refused(archive: Archive) -> None:
    keys = stored(archive, ["0 low", "1 high"])
    step = enhance.step_of("log_subtraction")
    chain = {"steps": [{"name": step.name, "parameters": {"blank_low": 1.0, "blank_high": 1.0}}]}
    with pytest.raises(WrongUsage, match="has not both"):
        queries_render.picture(
            archive.kernel, row_of(archive, keys["0 low"]), queries_render.rendering(chain=json.dumps(chain))
        )


def test_an_image_of_one_energy_only_has_none(archive: Archive) -> None:
    result = archive.ingest(film())
    assert result.image_pk is not None
    assert energies(archive, result.image_pk) is None
    assert queries_energies.joined(archive.kernel, row_of(archive, result.image_pk)) is None


def test_planes_of_one_file_are_its_own(archive: Archive) -> None:
    image = views()[0]
    found = queries_energies.document(image, [(None, plane) for plane in range(3)])
    assert found is not None
    assert (found["low_image"], found["low_plane"], found["high_plane"], found["z_plane"]) == (None, 0, 1, 2)
    assert found["lookup"]["rows"] * (found["lookup"]["columns"] + 2 + 32) * 4 == len(
        base64.b64decode(found["lookup"]["grid"])
    )
    assert read(files()["0 low"]).plane_labels == ("low",)
