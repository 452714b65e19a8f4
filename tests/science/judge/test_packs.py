"""Packs by their names and editions; what makes a verdict binding."""

from __future__ import annotations

import pytest

from kerma.errors import NotFound, WrongUsage
from kerma.science.judge import judge, load_pack, pack_names
from kerma.science.judge.pack import registry
from kerma.science.judge.wording import case_words, labels_words, limit_words, window_words
from kerma.science.results import NO_BOX, Finding
from planted import PERSON, conditions, pack

CONTRACT = (
    "french-arrete-1978", "ufgs-15216n", "mil-hdbk-1890", "asme-viii-uw-51", "asme-ix-qw-191", "asme-b31.3", "api-1104",
    "iso-10675-1-level-1", "iso-10675-1-level-2", "iso-10675-1-level-3", "aws-d1.1-static", "aws-d1.1-cyclic",
)  # fmt: skip
COLUMNS = "rule,kind,labels,measure,limit_absolute,unit,clause"
CRACK = [Finding("1", "100", "crack", NO_BOX, PERSON, measurements={"length_mm": 5.0})]


@pytest.mark.parametrize("name", sorted({*CONTRACT, *pack_names()}))
def test_every_named_pack_loads_and_rejects_a_crack_or_says_what_it_is_for(name: str) -> None:
    loaded = load_pack(name)
    assert loaded.short_name == name
    outcomes = {one.outcome for one in judge(CRACK, loaded, conditions(12.0))}
    binds = loaded.status in ("public-law", "verified", "own")
    if loaded.rules[0].part == "weld":
        assert ("fail" if binds else "advisory") in outcomes


def test_a_name_means_the_newest_edition_and_an_at_sign_another() -> None:
    newest, older = load_pack("iso-10675-1-level-1"), load_pack("iso-10675-1-level-1@2016")
    assert newest.table.name != older.table.name
    assert "2016" in older.table.edition
    assert load_pack("iso-10675-1-level-1@2021").table == newest.table


def test_unknown_names_and_editions_say_what_there_is() -> None:
    with pytest.raises(NotFound, match="french-arrete-1978"):
        load_pack("french-arrete")
    with pytest.raises(NotFound, match="2021"):
        load_pack("iso-10675-1-level-1@1999")


def test_every_name_is_the_newest_of_exactly_one_row() -> None:
    for name in {row["name"] for row in registry() if "@" not in row["name"]}:
        newest = [row for row in registry() if row["name"] == name and row["is_newest"] == "yes"]
        assert len(newest) == 1, name


def test_a_confirmation_makes_an_unverified_pack_bind() -> None:
    loaded = load_pack("iso-10675-1-level-1")
    assert (loaded.status, loaded.is_binding) == ("unverified", False)
    confirmed = loaded.confirmed(edition="ISO 10675-1:2021", by="A. Level, III", at="2026-11-25")
    assert (confirmed.status, confirmed.is_binding) == ("confirmed", True)
    (first, *_) = [one for one in judge(CRACK, confirmed, conditions()) if one.outcome == "fail"]
    assert first.source.status == "confirmed"
    assert loaded.status == "unverified"


def test_public_law_stays_public_law_when_confirmed() -> None:
    confirmed = load_pack("french-arrete-1978").confirmed(edition="1978", by="A. Level")
    assert confirmed.status == "public-law"


def test_a_confirmation_of_another_edition_or_by_nobody_is_refused() -> None:
    loaded = load_pack("iso-10675-1-level-1")
    with pytest.raises(WrongUsage, match="edition"):
        loaded.confirmed(edition="2016", by="A. Level")
    with pytest.raises(WrongUsage, match="edition"):
        load_pack("api-1104").confirmed(edition="22nd edition", by="A. Level")
    assert load_pack("api-1104").confirmed(edition="API 1104, 21st edition", by="A. Level").is_binding
    with pytest.raises(WrongUsage, match="names the person"):
        loaded.confirmed(edition="2021", by=" ")


def test_one_unverified_row_keeps_a_pack_from_binding_as_a_whole() -> None:
    text = pack(COLUMNS + ",status", "a,size,slag,length_mm,5,mm,1,", "b,size,slag,length_mm,9,mm,2,unverified")
    loaded = load_pack(text)
    assert (loaded.status, loaded.is_binding) == ("own", False)
    slag = [Finding("1", "301", "slag", NO_BOX, PERSON, measurements={"length_mm": 10.0})]
    assert [one.outcome for one in judge(slag, loaded, conditions())] == ["fail", "advisory"]
    assert load_pack(text).confirmed(edition="1", by="A. Level").is_binding


def test_a_rule_reads_as_words() -> None:
    columns = (
        "rule,kind,labels,measure,limit_per_thickness,limit_absolute,limit_choice,limit_cap,unit,window_per_thickness,"
        "window_mm,window_choice,thickness_over_mm,thickness_up_to_mm,when,clause"
    )
    row = "r,window-sum,@planar slag,length_mm,0.3333333333333333,6,smaller,20,mm,12,150,smaller,6,,joint=butt,1"
    (rule,) = load_pack(pack(columns, row)).rules
    assert limit_words(rule) == "min(t/3, 6 mm), at most 20 mm"
    assert window_words(rule) == "min(12 t, 150 mm)"
    assert case_words(rule) == "t > 6 mm, joint=butt"
    assert labels_words(rule).startswith("every kind of planar flaw")
    assert labels_words(rule).endswith("slag")
