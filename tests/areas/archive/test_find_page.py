"""The page for those who search lists the keys that the archive answers by."""

from __future__ import annotations

from tools import query_keys


def test_the_page_has_the_keys_of_the_code() -> None:
    page = query_keys.PAGE.read_text(encoding="utf-8")
    assert query_keys.written(page) == page, "run python tools/query_keys.py"
    assert "RequestAttributesSequence › ScheduledProcedureStepID" in page
