"""Our own description of the API, taken at its word by schemathesis: no request that it allows is an error of ours."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

import archives
from archives import Peer

SEED = 20260302
QUICK_S, QUICK_EXAMPLES, LEAST = 25.0, 4, 20
SOAK_S, SOAK_EXAMPLES = 1800.0, 150
STREAMS = ("/api/v1/news",)
"""Answers that never end."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with archives.kerma(tmp_path_factory.mktemp("fuzzed")) as peer:
        yield peer


def operations(archive: Peer) -> list:
    schemathesis = pytest.importorskip("schemathesis")
    document = httpx.get(f"{archive.address}/api/openapi.json", headers=archive.headers, timeout=60).json()
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations()]
    kept = [one for one in found if one.path not in STREAMS]
    random.Random(SEED).shuffle(kept)
    return kept


def faults(archive: Peer, operation: object, examples: int) -> list[str]:
    """Call one operation a few times with what its description allows, and sometimes with what it does not."""
    import requests
    from schemathesis.checks import not_a_server_error
    from schemathesis.core.failures import Failure, FailureGroup
    from schemathesis.specs.openapi.checks import response_schema_conformance

    told: list[str] = []

    @seed(SEED)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def call(case: object) -> None:
        try:
            answer = case.call(base_url=archive.address, headers=archive.headers, timeout=60)
            case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])
        except (Failure, FailureGroup) as failure:
            told.append(f"{operation.method.upper()} {operation.path}: {failure} {case.as_curl_command()}")
        except requests.exceptions.InvalidHeader:
            return

    call()
    return told


def fuzz(archive: Peer, budget_s: float, examples: int) -> tuple[int, list[str]]:
    """Fuzz operation after operation until the time is over, but :data:`LEAST`; gives how many, and what was wrong."""
    asked = operations(archive)
    until, done, wrong = time.monotonic() + budget_s, 0, []
    for operation in asked:
        if done >= LEAST and time.monotonic() > until:
            break
        wrong += faults(archive, operation, examples)
        done += 1
    assert archive.process is not None and archive.process.poll() is None, "the server did not survive"
    return done, wrong


def test_no_request_of_our_description_is_an_error_of_ours(archive: Peer) -> None:
    done, wrong = fuzz(archive, QUICK_S, QUICK_EXAMPLES)
    assert wrong == []
    assert done >= LEAST


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_long(archive: Peer) -> None:
    assert fuzz(archive, SOAK_S, SOAK_EXAMPLES)[1] == []
