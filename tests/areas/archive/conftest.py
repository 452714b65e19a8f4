"""What the archive's tests share."""

from __future__ import annotations

import pytest

from films import Archive
from kerma.kernel.action import Actor, Kernel


@pytest.fixture
def archive(kernel: Kernel, actor: Actor) -> Archive:
    return Archive(kernel, actor)
