import numpy as np
import pytest

from kerma.errors import WrongUsage
from kerma.science.imaging.frames import stacked
from kerma.science.imaging.image import Image


def frame(value: int, shape: tuple[int, ...] = (1, 3, 4), dtype: type = np.uint16, **words: object) -> Image:
    return Image(np.full(shape, value, dtype), bits=16, **words)  # type: ignore[arg-type]


def test_frames_become_planes_in_their_order() -> None:
    whole = stacked([frame(1), frame(2, (2, 3, 4)), frame(3)], ["a", "b", "c"])
    assert whole.pixels[:, 0, 0].tolist() == [1, 2, 2, 3]
    assert whole.plane_kind == "frame"


def test_what_the_first_says_holds_and_every_warning_is_kept_once() -> None:
    whole = stacked([frame(1, modality="DX", warnings=("odd",)), frame(2, warnings=("odd", "new"))], ["a", "b"])
    assert (whole.modality, whole.warnings) == ("DX", ("odd", "new"))


@pytest.mark.parametrize("other", [frame(2, (1, 4, 3)), frame(2, dtype=np.uint8), frame(2, (1, 3, 4, 3))])
def test_frames_that_are_not_alike_are_refused_by_name(other: Image) -> None:
    with pytest.raises(WrongUsage, match=r"^b\.tif"):
        stacked([frame(1), other], ["a.tif", "b.tif"])


def test_no_frame_is_no_image() -> None:
    with pytest.raises(WrongUsage, match="no frame"):
        stacked([], [])
