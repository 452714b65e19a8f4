"""The grey-scale chain: PS3.3's formulas as laws, and DCMTK as an independent judge on real and made files."""

from __future__ import annotations

import io
import math
import shutil
import subprocess
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.formats import samples

from kerma import formats
from kerma.science.imaging.greyscale import default_window, display, full_window, modality_values
from kerma.science.imaging.image import GreyScale, Image, Lut, Window

RAMP = np.arange(4096, dtype=np.uint16).reshape(1, 64, 64)


def image(pixels=RAMP, bits=12, **grey):
    return Image(pixels=pixels, bits=bits, grey=GreyScale(**grey))


def by_the_book(value, window, top=255):
    """Write out PS3.3 C.11.2.1.2 and C.11.2.1.3 for one value."""
    c, w = window.center, window.width
    if window.function == "LINEAR":
        if value <= c - 0.5 - (w - 1) / 2:
            return 0.0
        if value > c - 0.5 + (w - 1) / 2:
            return float(top)
        return ((value - (c - 0.5)) / (w - 1) + 0.5) * top
    if window.function == "LINEAR_EXACT":
        if value <= c - w / 2:
            return 0.0
        if value > c + w / 2:
            return float(top)
        return ((value - c) / w + 0.5) * top
    return top / (1 + math.exp(max(min(-4 * (value - c) / w, 700), -700)))


windows = st.builds(
    Window,
    center=st.floats(-500, 5000),
    width=st.floats(1, 5000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)


@given(windows)
def test_windows_follow_the_book(window):
    shown = display(image(), window=window).ravel()
    for value in (0, 1, 100, 2047, 2048, 4000, 4095):
        assert abs(shown[value] - by_the_book(value, window)) <= 0.5 + 1e-6


@given(windows, st.booleans())
def test_a_window_never_changes_the_order(window, is_inverse):
    steps = np.diff(display(image(is_inverse=is_inverse), window=window).astype(int).ravel())
    assert (steps <= 0).all() if is_inverse else (steps >= 0).all()


@given(windows)
def test_inverse_is_the_complement(window):
    plain, inverse = (display(image(is_inverse=flag), window=window).astype(int) for flag in (False, True))
    assert np.abs(plain + inverse - 255).max() <= 1


def test_slope_and_intercept_come_before_the_window():
    rescaled = display(image(slope=2.0, intercept=-1000.0), window=Window(500, 1000))
    direct = display(image(RAMP.astype(np.int32) * 2 - 1000), window=Window(500, 1000))
    np.testing.assert_array_equal(rescaled, direct)


def test_a_modality_table_replaces_slope_and_intercept():
    lut = Lut(np.arange(4096, dtype=np.uint16)[::-1].copy(), 0, 12)
    np.testing.assert_array_equal(modality_values(image(modality_lut=lut).grey, RAMP), 4095 - RAMP)


def test_tables_clamp_at_both_ends():
    lut = Lut(np.array([10, 20, 30], np.uint16), 100, 16)
    assert modality_values(GreyScale(modality_lut=lut), np.array([0, 100, 101, 102, 9999])).tolist() == [
        10,
        10,
        20,
        30,
        30,
    ]


def test_the_makers_curve_wins_over_its_window_and_a_given_window_over_both():
    curve = Lut(np.full(4096, 4095, np.uint16), 0, 12)
    shown = image(voi_luts=(curve,), windows=(Window(100, 10),))
    assert (display(shown) == 255).all()
    np.testing.assert_array_equal(
        display(shown, window=Window(2048, 4096)), display(image(), window=Window(2048, 4096))
    )


def test_without_a_window_the_central_values_fill_the_range():
    shown = display(image())
    assert (shown == 0).mean() == pytest.approx(0.005, abs=0.003)
    assert (shown == 255).mean() == pytest.approx(0.005, abs=0.003)


def test_padding_does_not_decide_the_default_window():
    padded = RAMP.copy() % 100 + 1000
    padded[0, :40] = 60_000
    window = default_window(replace(image(padded), padding_value=60_000))
    assert window.width < 110


@pytest.mark.parametrize("pixels", [np.full((1, 4, 4), 7, np.uint16), np.zeros((1, 4, 4), np.float32)])
def test_a_flat_image_is_shown_not_divided_by_zero(pixels):
    assert display(image(pixels, 16)).shape == (4, 4)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8"])
def test_every_number_type_is_shown_alike(dtype):
    values = (np.arange(120).reshape(1, 10, 12)).astype(dtype)
    np.testing.assert_array_equal(
        display(image(values, 8), window=Window(60, 100)),
        display(image(values.astype("u2"), 8), window=Window(60, 100)),
    )


def test_wide_integers_are_shown_without_a_table():
    values = np.array([[[0, 1 << 29, 1 << 31]]], np.uint32)
    assert display(image(values, 32), window=Window(2**30, 2**31, "LINEAR_EXACT")).tolist() == [[0, 64, 255]]


def test_sixteen_bits_and_one():
    assert display(image(), window=Window(2048, 4096), bits=16).max() == 65535
    assert set(np.unique(display(image(), window=Window(2048, 4096), bits=1))) == {0, 1}


def test_not_a_number_is_black():
    values = np.array([[[0.0, np.nan, 1.0]]])
    assert display(image(values, 32), window=Window(0.5, 1, "LINEAR_EXACT")).tolist() == [[0, 0, 255]]


def test_colour_is_shown_as_it_is():
    colour = samples.ramp(4, 4, 3, "u1", 8).reshape(1, 4, 4, 3)
    np.testing.assert_array_equal(display(image(colour, 8)), colour[0])


def test_a_large_radiograph_is_shown_quickly():
    """A guard against a mistake of an order of magnitude; the figure itself is measured by the benchmark."""
    large = image(np.random.default_rng(1).integers(0, 16_000, (1, 2048, 2500), np.uint16), 14)
    display(large)
    started = time.process_time()
    display(large)
    assert time.process_time() - started < 0.6


# -- DCMTK as judge ---------------------------------------------------------------------------------------------------

# Files that DCMTK itself cannot show, or shows wrongly.
DCMTK_CANNOT = {
    "rtdose_expb.dcm": "32-bit big-endian pixels come out unswapped; the little-endian twin agrees",
    "rtdose_expb_1frame.dcm": "as rtdose_expb.dcm",
    "SimpleColorPaletteDX.dcs": "shows the colour palette, we show the intensities",
}


DCMTK_LACKS = {"1.2.840.10008.1.2.4.90": "JPEG 2000", "1.2.840.10008.1.2.4.91": "JPEG 2000"}


def pnm(content):
    file = io.BytesIO(content)
    kind, size, top = file.readline().strip(), file.readline(), 0
    while size.startswith(b"#"):
        size = file.readline()
    top = int(file.readline())
    columns, rows = map(int, size.split())
    values = np.frombuffer(file.read(), np.uint8 if top < 256 else ">u2")
    return values.reshape((rows, columns) if kind == b"P5" else (rows, columns, 3))


def by_dcmtk(path, tmp_path, *options):
    """Return DCMTK's picture of a file, None where it cannot decode it."""
    if not shutil.which("dcmj2pnm"):
        pytest.skip("DCMTK is not installed")
    decoded = tmp_path / "decoded.dcm"
    source = decoded if subprocess.run(["dcmdjpls", path, decoded], capture_output=True).returncode == 0 else path
    done = subprocess.run(["dcmj2pnm", "-O", "+op", "-ll", "fatal", *options, source], capture_output=True)
    return pnm(done.stdout) if done.returncode == 0 and done.stdout else None


def compare(path, tmp_path):
    """Compare every window and table of a file, and a window over its whole range, with DCMTK's pictures."""
    read = formats.read(path.read_bytes())
    if read.is_colour:
        return 0
    values = modality_values(read.grey, read.pixels[0])
    low, high = float(values.min()), float(values.max())
    whole = Window((low + high) / 2, max(high - low, 2.0))
    tries = [(["+Wfl", "+Ww", str(whole.center), str(whole.width)], {"window": whole})]
    for number, window in enumerate(read.grey.windows, start=1):
        tries.append((["+Wi", str(number)], {"window": window}))
    for number, lut in enumerate(read.grey.voi_luts, start=1):
        tries.append((["+Wl", str(number)], {"lut": lut}))
    compared = 0
    for options, chosen in tries:
        theirs = by_dcmtk(path, tmp_path, *options)
        if theirs is None:
            continue
        grey = replace(read.grey, voi_luts=(chosen["lut"],)) if "lut" in chosen else read.grey
        ours = display(replace(read, grey=grey), window=chosen.get("window"))
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1, options
        compared += 1
    return compared


def _grey_files():
    real = [path for path in samples.real_dicom_files() if path.parent.name != "ct_ge" or path.name == "05.dcm"]
    names = ("mlut_18.dcm", "vlut_04.dcm", "RG1_UNCR.dcm", "RG3_UNCR.dcm", "CT_small.dcm", "MR_small.dcm", "rtdose.dcm")
    names += ("examples_overlay.dcm", "MR_small_expb.dcm", "liver_1frame.dcm", "JPEG-LL.dcm", "MR_small_RLE.dcm")
    return real + [path for path in samples.pydicom_files() if path.name in names]


@pytest.mark.parametrize("path", _grey_files(), ids=lambda path: path.name)
def test_real_files_are_shown_as_dcmtk_shows_them(path, tmp_path):
    if path.name in DCMTK_CANNOT:
        pytest.skip(f"DCMTK: {DCMTK_CANNOT[path.name]}")
    header = formats.scan(path.read_bytes())
    if header.kind == "object":
        assert header.rows == 0
        return
    if header.planes > 100:
        pytest.skip("a volume; its slices are held by the syntax tests")
    if header.transfer_syntax_uid in DCMTK_LACKS:
        pytest.skip(f"DCMTK cannot decode {DCMTK_LACKS[header.transfer_syntax_uid]}")
    assert compare(path, tmp_path) > 0 or formats.read(path.read_bytes()).is_colour


def lut_of(entries, first, bits, vr="US"):
    lut = Dataset()
    lut.add_new(0x00283002, vr, [len(entries) % 65536, first, bits])
    lut.add_new(0x00283006, "US", list(entries))
    return lut


CURVE = [int(4095 * (1 - math.exp(-value / 900))) for value in range(4096)]
MADE = {
    "window": {"WindowCenter": 1000, "WindowWidth": 700},
    "narrow window": {"WindowCenter": 1000.5, "WindowWidth": 2},
    "threshold": {"WindowCenter": 1000, "WindowWidth": 1},
    "sigmoid": {"WindowCenter": 2000, "WindowWidth": 1500, "VOILUTFunction": "SIGMOID"},
    "inverse": {"WindowCenter": 2000, "WindowWidth": 3000, "PhotometricInterpretation": "MONOCHROME1"},
    "inverse shape": {"WindowCenter": 2000, "WindowWidth": 3000, "PresentationLUTShape": "INVERSE"},
    "inverse twice named": {
        "WindowCenter": 2000, "WindowWidth": 3000, "PresentationLUTShape": "INVERSE",
        "PhotometricInterpretation": "MONOCHROME1",
    },
    "rescaled": {"WindowCenter": 40, "WindowWidth": 400, "RescaleSlope": 1.5, "RescaleIntercept": -1024},
    "falling slope": {"WindowCenter": -2000, "WindowWidth": 3000, "RescaleSlope": -1, "RescaleIntercept": 0},
    "modality table": {
        "ModalityLUTSequence": Sequence([lut_of(CURVE, 0, 16)]), "WindowCenter": 2000, "WindowWidth": 4000,
    },
    "VOI table": {"VOILUTSequence": Sequence([lut_of(CURVE, 0, 12)])},
    "VOI table from 500": {"VOILUTSequence": Sequence([lut_of(CURVE[:2000], 500, 12)])},
    "VOI table after rescale": {
        "VOILUTSequence": Sequence([lut_of(CURVE, -1024, 12, "SS")]), "RescaleSlope": 1, "RescaleIntercept": -1024,
    },
    "both tables": {
        "ModalityLUTSequence": Sequence([lut_of(CURVE, 0, 16)]), "VOILUTSequence": Sequence([lut_of(CURVE, 0, 12)]),
        "PhotometricInterpretation": "MONOCHROME1",
    },
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["u2", "i2"])
@pytest.mark.parametrize("name", MADE)
def test_made_files_are_shown_as_dcmtk_shows_them(name, dtype, tmp_path):
    if dtype == "i2" and "table" in name:
        pytest.skip("tables are tried unsigned: their descriptors change representation with the pixels")
    pixels = RAMP if dtype == "u2" else (RAMP.astype(np.int16) - 2048)
    path = tmp_path / "made.dcm"
    path.write_bytes(samples.dicom(pixels, BitsStored=12, **MADE[name]))
    assert compare(path, tmp_path) >= 2


def test_a_presentation_table_stands_for_the_whole_range() -> None:
    """A straight table changes nothing, a falling one turns grey over, and it stands in place of inversion."""
    windows = (Window(2000.0, 3000.0),)
    rising, falling = (Lut(entries.astype(np.uint16), 0, 12) for entries in (np.arange(4096), 4095 - np.arange(4096)))
    plain, turned = (display(image(windows=windows, is_inverse=one)).astype(int) for one in (False, True))
    assert np.abs(display(image(windows=windows, presentation_lut=rising)).astype(int) - plain).max() <= 1
    assert np.abs(display(image(windows=windows, presentation_lut=falling, is_inverse=True)) - turned).max() <= 1
    steps = Lut(np.array([0, 100, 255], np.uint16), 0, 8)
    assert set(np.unique(display(image(windows=windows, presentation_lut=steps)))) == {0, 100, 255}
    assert (display(image(windows=windows, presentation_lut=Lut(rising.entries, 7, 12))) == display(
        image(windows=windows, presentation_lut=rising))).all()  # fmt: skip


@pytest.mark.parametrize(("is_signed", "ends"), [(False, (-1000.0, 1047.5)), (True, (-2024.0, 23.5))])
def test_the_full_window_reaches_over_all_that_the_bits_can_hold(is_signed: bool, ends: tuple[float, float]) -> None:
    window = full_window(GreyScale(0.5, -1000.0), 12, is_signed=is_signed)
    assert (window.center - window.width / 2, window.center + window.width / 2) == ends
    table = Lut(np.arange(9, dtype=np.uint16), 0, 10)
    assert full_window(GreyScale(modality_lut=table), 12, is_signed=is_signed) == Window(511.5, 1023.0, "LINEAR_EXACT")
