"""The one decorator of compiled loops: what they may and may not do is decided here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba  # noqa: TID253  (only modules of kernels import this one, and they are imported when a scene is rendered)

Loop = TypeVar("Loop", bound=Callable[..., object])


def compiled(function: Loop) -> Loop:
    """Compile a loop to machine code, kept on disk between runs.

    No fast maths: sums keep their order, multiplications and additions stay two roundings, so that every processor
    agrees to the bit. Threads run side by side.
    """
    return cast(Loop, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
