"""What the tests of custody share."""

from __future__ import annotations

import pytest

from custodies import Custody, custody_of
from kerma.kernel.action import Kernel


@pytest.fixture
def custody(kernel: Kernel, quick_hashes: None) -> Custody:
    return custody_of(kernel)
