import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kerma.areas.report import qualification, signature_roles, wording
from kerma.areas.report.kinds import ITEM_TABLES, kinds
from kerma.areas.report.language import ENGLISH, FIXED, LANGUAGES, PHRASES, language, rows
from kerma.areas.report.parts import SLOTS
from kerma.errors import WrongUsage
from kerma.industries import INDUSTRIES
from kerma.science.units import words_of
from kerma.standards import table

OTHERS = [code for code in LANGUAGES if code != "en"]
COGNATES = {
    "de": 7,
    "fr": 47,
    "es": 10,
}
"""Most texts of a language that are spelled as in English: signature, nodule, Patient."""


@pytest.mark.parametrize("name", [*FIXED, PHRASES])
def test_every_text_is_there_in_every_language_with_the_same_places(name: str) -> None:
    for row in rows(name):
        places = {code: {place for _, place, _, _ in Formatter().parse(row[code]) if place} for code in LANGUAGES}
        assert all(row[code].strip() for code in LANGUAGES) or row.get("key") in ("open_quote", "close_quote"), row
        assert len({frozenset(one) for one in places.values()}) == 1, row


def test_no_key_stands_twice() -> None:
    keys = [row["key"] for name in FIXED for row in rows(name)]
    assert len(keys) == len(set(keys))
    phrases = [row["en"].lower().replace("-", " ") for row in rows(PHRASES)]
    assert len(phrases) == len(set(phrases))


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_was_left_in_english(code: str) -> None:
    same = [row for name in (*FIXED, PHRASES) for row in rows(name) if row[code] == row["en"] and len(row["en"]) > 3]
    assert len(same) <= COGNATES[code], [row["en"] for row in same]
    assert all(len(row["en"].split()) <= 2 or "{" in row["en"] for row in same)


def test_every_word_the_template_asks_for_is_there() -> None:
    import importlib.resources

    folder = importlib.resources.files("kerma.areas.report").joinpath("templates")
    asked = {
        key for one in folder.iterdir() if one.name.endswith(".typ")
        for key in re.findall(r"\bw\.([a-z_]+)", one.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert asked and asked <= set(ENGLISH.words)


def test_every_kind_field_column_item_and_slot_has_its_words() -> None:
    wanted = {f"kind_{name}" for name in kinds() if name != "exam"} | {f"slot_{slot}" for slot in SLOTS}
    for kind in kinds().values():
        for field in kind.fields:
            wanted |= {field.word, *(f"column_{one}" for one in field.columns)}
        wanted |= {f"group_{name.removeprefix('record.')}" for name in kind.sections if name.startswith("record.")}
    wanted |= {f"item_{row['item']}" for names in ITEM_TABLES.values() for name in names for row in table(name)}
    assert wanted <= set(ENGLISH.words)


def _product_words() -> list[str]:
    words = [*wording.TECHNIQUE_WORDS.values(), *wording.MACHINE_WORDS.values()]
    words += [one for one in wording.MEANING_WORDS.values() if one]
    for one in INDUSTRIES.values():
        words += [one.label, one.subject_word, one.exam_word, one.report_title, *one.decisions.values()]
    words += [words_of(key) for keys in wording.PRINTED.values() for key in keys] + list(wording.PRINTED)
    for name, column in (
        ("iso_6520-1/imperfections", "label"),
        ("kerma_findings/medical", "label"),
        ("kerma_findings/small_flaws", "label"),
        ("kerma_security/categories", "category"),
    ):
        words += [row[column] for row in table(name)]
    return words


def test_roles_what_they_state_and_unchecked_qualifications_are_translated() -> None:
    known = {row["en"] for row in rows(PHRASES)}
    roles = [role for industry in INDUSTRIES for role in signature_roles.roles_for(industry)[1:]]
    assert {role.meaning for role in roles} <= known and qualification.UNCHECKED in known
    assert {role.label for role in roles if not role.is_usual} <= known
    assert {f"slot_{role.slot}" for role in roles if role.is_usual} <= set(ENGLISH.words)


def test_findings_decisions_and_quantities_are_translated() -> None:
    known = {row["en"].lower().replace("-", " ") for row in rows(PHRASES)}
    missing = {one for one in _product_words() if one.lower().replace("-", " ").replace("_", " ") not in known}
    assert not missing


def test_a_phrase_keeps_its_capital_and_what_is_unknown_stays() -> None:
    german = language("de")
    assert german.phrase("lack-of-fusion") == "Bindefehler" and ENGLISH.phrase("lack-of-fusion") == "lack of fusion"
    assert language("fr").phrase("Lack of fusion") == "Manque de fusion"
    assert german.phrase("W-4711 root pass") == "W-4711 root pass"


@pytest.mark.parametrize(
    ("code", "day", "moment"),
    [
        ("en", "2026-03-02", "2026-03-02 12:00:05 UTC"),
        ("de", "02.03.2026", "02.03.2026 12:00:05 UTC"),
        ("fr", "02/03/2026", "02/03/2026 12:00:05 UTC"),
    ],
)
def test_dates_are_written_as_the_language_does(code: str, day: str, moment: str) -> None:
    say = language(code)
    assert say.moment("2026-03-02") == day and say.moment("2026-03-02T12:00:05.123Z") == moment


@given(some.text(max_size=30))
def test_what_is_no_date_stays_as_it_is(written: str) -> None:
    if not re.match(r"^\d{4}-\d{2}-\d{2}(T|$)", written):
        assert language("de").moment(written) == written


@given(some.floats(-1e9, 1e9))
def test_a_number_only_changes_its_decimal_sign(value: float) -> None:
    written = wording.brief(value)
    assert language("de").number(written).replace(",", ".") == written


def test_a_language_nobody_has_written_is_refused_with_those_there_are() -> None:
    with pytest.raises(WrongUsage, match="en, de, fr, es"):
        language("tlh")
