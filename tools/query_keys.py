"""Write the table of query keys into the page for those who search: from the same rows the archive answers by."""

from __future__ import annotations

from pathlib import Path

from kerma.areas.archive.queries_find_sql import INDEXED, TABLES
from kerma.areas.archive.rules_documents import LEVELS, Attribute, attributes

PAGE = Path(__file__).resolve().parent.parent / "docs" / "duties" / "find-and-retrieve.md"
BEGIN, END = "<!-- query keys -->", "<!-- end of query keys -->"
MATCHING = {
    "uid": "UID, list of UIDs",
    "text": "value, several, `*` `?`; case counts",
    "name": "name by groups, `*` `?`, fuzzy; case and accents do not count",
    "date": "date, range",
    "time": "time, range",
    "number": "number, several",
    "modality": "any of its modalities, `*` `?`",
    "class": "any of its SOP classes",
    "none": "—",
}


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| level | attribute | tag | matches by | index |", "|---|---|---|---|---|"]
    for level in LEVELS:
        lines += [_line(one) for one in attributes() if one.level == level]
    return "\n".join(lines)


def written(page: str) -> str:
    """Return the page with the table as it is now."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _line(one: Attribute) -> str:
    tags = " › ".join(f"({tag[:4]},{tag[4:]})" for tag in one.path.split("."))
    keyword = one.keyword.replace(".", " › ")
    return f"| {one.level} | {keyword} | {tags} | {MATCHING[one.matching]} | {'yes' if _is_indexed(one) else ''} |"


def _is_indexed(one: Attribute) -> bool:
    if one.matching in ("name", "modality", "class"):
        return True
    column = TABLES[one.level].c.get(one.column)
    return column is not None and (any(column is known for known in INDEXED) or bool(column.unique))


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
