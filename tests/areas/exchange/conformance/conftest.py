from __future__ import annotations

from collections.abc import Iterator

import pytest

import archives
from archives import Peer


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Kerma with both doors open."""
    with archives.kerma(tmp_path_factory.mktemp("kerma")) as peer:
        yield peer
