"""What the archive decides, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kerma.areas.archive import rules
from kerma.errors import WrongUsage

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Dupont^Zoé", "dupont zoe"),
        ("  MÜLLER ,  Hans ", "muller hans"),
        ("Straße", "strasse"),
        ("ﬁlm ①", "film 1"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "yamada tarou 山田 太郎 やまた たろう"),
        ("^^", ""),
    ],
)
def test_folding_forgets_case_accents_and_separators(written: str, folded: str) -> None:
    assert rules.fold(written) == folded


@given(TEXT)
def test_folding_is_done_once(written: str) -> None:
    once = rules.fold(written)
    assert rules.fold(once) == once


@given(TEXT, TEXT)
def test_a_prefix_is_a_range(prefix: str, text: str) -> None:
    end = rules.prefix_end(prefix)
    in_range = text >= prefix and (end is None or text < end)
    assert in_range == text.startswith(prefix)
    assert end is None or prefix + text < end


def test_the_end_of_a_prefix_is_never_half_a_character() -> None:
    assert rules.prefix_end("a\ud7ff") == "a\ue000"
    assert rules.prefix_end("a\U0010ffff") == "b"
    assert rules.prefix_end("\U0010ffff") is None
    assert rules.prefix_end("") is None


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_cleaned_text_can_be_stored(written: str, length: int) -> None:
    cleaned = rules.clean(written, length)
    cleaned.encode("utf-8")
    assert "\0" not in cleaned
    assert len(cleaned) <= length


@pytest.mark.parametrize(("number", "kept"), [(None, None), (0, 0), (-7, -7), (2**31 - 1, 2**31 - 1), (2**31, None)])
def test_numbers_that_no_column_holds_are_left_out(number: int | None, kept: int | None) -> None:
    assert rules.whole(number) == kept


def test_the_industry_is_what_is_stated_else_what_the_file_suggests() -> None:
    known = ("security", "ndt")
    assert rules.industry_of("ndt", "security", known) == "ndt"
    assert rules.industry_of(None, "security", known) == "security"
    for stated, hint in ((None, ""), ("", ""), ("dental", ""), (None, "medical")):
        with pytest.raises(WrongUsage, match="security, ndt"):
            rules.industry_of(stated, hint, known)


KEPT = {
    "subject_id": "P1", "issuer": "H1", "industry": "medical", "name_folded": "a", "birth_date": "1970-01-02",
    "sex": "F",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "stated", "code"),
    [
        ({}, None, ""),
        ({}, "medical", ""),
        ({}, "ndt", "other-industry"),
        ({"subject_id": "P2"}, None, "other-subject"),
        ({"subject_id": ""}, None, ""),
        ({"issuer": "H2"}, None, "other-subject"),
        ({"issuer": ""}, None, ""),
    ],
)
def test_what_cannot_belong_to_a_kept_exam(changed: dict[str, str], stated: str | None, code: str) -> None:
    assert rules.contradiction(KEPT, KEPT | changed, stated) == code
    if stated is None:
        assert rules.contradiction(KEPT | changed, KEPT, None) == code, "the order of arrival must not matter"
    assert code == "" or code in rules.REASONS


def test_every_difference_has_words_and_an_empty_value_is_none() -> None:
    other = {"name_folded": "b", "birth_date": "1980-01-02", "sex": "M", "subject_id": ""}
    assert set(rules.differences(KEPT, KEPT | other)) == rules.FLAGS.keys() - {"images-deleted"}
    blank = dict.fromkeys(("name_folded", "birth_date", "sex"), "")
    assert rules.differences(KEPT, KEPT | blank) == []
    assert rules.differences(KEPT | blank, KEPT) == []


@given(st.lists(st.sampled_from(["DX", "CR", "CT", ""])))
def test_joined_sets_do_not_depend_on_the_order(added: list[str]) -> None:
    kept = ""
    for one in added:
        kept = rules.joined(kept, {one})
    assert kept == rules.joined("", added) == ",".join(sorted(set(added) - {""}))


def test_an_opening_lasts_ten_minutes() -> None:
    opened = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    assert rules.is_same_opening(opened, opened)
    assert rules.is_same_opening(opened, opened + timedelta(minutes=9, seconds=59))
    assert not rules.is_same_opening(opened, opened + timedelta(minutes=10))


@given(
    series=st.one_of(st.none(), st.integers(-(2**31), 2**31)),
    number=st.one_of(st.none(), st.integers(-(2**31), 2**31)),
    form=st.text(),
)
def test_export_names_are_plain(series: int | None, number: int | None, form: str) -> None:
    assume(form not in rules.SUFFIXES)
    row = {"series_number": series, "series_pk": 5, "number": number, "format": form, "sha256": "a" * 64}
    folder, name = rules.export_name(row).split("/")
    assert folder.replace("-", "").isalnum()
    assert name.replace("-", "").replace(".", "").isalnum()
    assert name.endswith(".bin")
