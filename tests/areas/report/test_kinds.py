import pytest
from tests.areas.report.rich import INDUSTRY, KINDS, RECORDS

from kerma.areas.report.kinds import EXAM, check_complete, check_record, kind_for, kinds, missing, names_for
from kerma.areas.report.language import ENGLISH
from kerma.errors import WrongUsage


def test_there_is_a_kind_for_every_duty() -> None:
    assert set(KINDS) == {
        "exam", "weld-rt", "casting", "reader-sheet", "baggage-incident", "secondary-search",
        "radiology-preliminary", "image-quality", "calibration-certificate",
    }  # fmt: skip
    assert kind_for("", "medical").name == EXAM


def test_every_section_of_every_kind_is_one_the_template_has() -> None:
    import importlib.resources

    text = importlib.resources.files("kerma.areas.report").joinpath("templates", "sections.typ").read_text()
    known = text[text.index("#let all") :]
    for kind in kinds().values():
        groups = {field.group for field in kind.fields}
        for name in kind.sections:
            own = name.removeprefix("record.")
            assert own in groups if name.startswith("record.") else f" {name}: {name}," in known, (kind.name, name)


def test_a_kind_of_another_industry_is_refused_with_those_that_fit() -> None:
    with pytest.raises(WrongUsage, match="is for security, this exam is ndt.*weld-rt"):
        kind_for("baggage-incident", "ndt")
    with pytest.raises(WrongUsage, match="no kind of report; there are exam"):
        kind_for("poem", "ndt")
    assert "weld-rt" not in names_for("medical") and "image-quality" in names_for("medical")


@pytest.mark.parametrize("name", KINDS)
def test_the_form_of_each_kind_is_taken_and_missing_values_are_named(name: str) -> None:
    kind = kind_for(name, INDUSTRY.get(name, "ndt"))
    check_record(kind, RECORDS.get(name, {}))
    for needed in kind.needed:
        part = {key: value for key, value in RECORDS[name].items() if key != needed}
        check_record(kind, part)
        assert missing(kind, part) == [needed]
        with pytest.raises(WrongUsage, match=f"cannot be signed without {needed}"):
            check_complete(kind, part)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("favourite_colour", "blue", "no value of a report of kind secondary-search; it takes searched_at"),
        ("items_found", "a knife", "is a table: a list of lines with item, category"),
        ("items_found", [{"wight": 3}], "'wight' is no column of items_found"),
        ("items_found", [{"item": ["knife"]}], "texts or numbers"),
        ("owner_present", "perhaps", "true or false"),
        ("place", 7, "place is a text"),
    ],
)
def test_a_form_of_the_wrong_shape_is_told_what_is_wrong(name: str, value: object, says: str) -> None:
    kind = kind_for("secondary-search", "security")
    with pytest.raises(WrongUsage, match=says):
        check_record(kind, RECORDS["secondary-search"] | {name: value})


def test_each_item_a_standard_asks_for_is_listed_once() -> None:
    items = [key for key in ENGLISH.words if key.startswith("item_")]
    assert len(items) == len(set(items)) >= 38
