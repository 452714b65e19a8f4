"""Check the rules of the house that no other tool knows; run by ``make check``.

Sizes of files and functions, database writes only in ``actions.py`` and the kernel, no industry named in a
condition outside ``industries/``, no number of a standard in code, no stub words. Exceptions stand in
``tools/exceptions.csv`` and may only become fewer.
"""

from __future__ import annotations

import ast
import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = {".py": 400, ".ts": 400, ".svelte": 400, ".css": 400, ".js": 400, ".typ": 400}
MAX_TEST_LINES = 600
MAX_FUNCTION_LINES = 60
WRITES = {"insert", "update", "delete"}
WRITERS = re.compile(r"src/kerma/(areas/\w+/actions(_\w+)?\.py|kernel/)")
STANDARD = re.compile(r"#.*\b(ISO|ASTM|EN|ASME|API|AWS|IEC|MIL|NCRP|ANSI|E\d{4})[ -]?\w*\d")
NUMBER = re.compile(r"(?<![\w.])\d+(\.\d+)?(e-?\d+)?(?![\w.])")
PLAIN_NUMBERS = {"0", "1", "2", "0.0", "1.0", "2.0", "0.5", "100", "100.0", "1000", "1000.0"}
UNFINISHED = re.compile(r"raise NotImplementedError|\bTODO\b|\bFIXME\b|\bXXX\b|lorem ipsum", re.IGNORECASE)
Problem = tuple[str, int, str, str]


def tracked() -> list[Path]:
    """Return the files under version control (and new ones not ignored) that these rules are about."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    kept = (Path(name) for name in listed if name.startswith(("src/", "tests/", "ui/src/", "tools/", "bench/")))
    return [path for path in kept if path.suffix in MAX_LINES and (ROOT / path).is_file()]


def sizes(path: Path, lines: list[str]) -> Iterator[Problem]:
    """Yield a file that is too long."""
    limit = MAX_TEST_LINES if path.parts[0] == "tests" else MAX_LINES[path.suffix]
    is_generated = "generated" in path.name or "migrations" in path.parts or path.parts[:3] == ("ui", "src", "api")
    if len(lines) > limit and not is_generated:
        yield str(path), len(lines), "file-size", f"{len(lines)} lines, at most {limit}: split it by what it holds"


def python_rules(path: Path, text: str) -> Iterator[Problem]:
    """Yield functions that are too long, writes outside the actions, and industries named in conditions."""
    is_source = path.parts[0] == "src"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES and "migrations" not in path.parts:
                message = f"{node.name}: {length} lines, at most {MAX_FUNCTION_LINES}"
                yield str(path), node.lineno, "function-size", message
        if not is_source:
            continue
        if _is_write(node) and not WRITERS.match(str(path)):
            yield str(path), node.lineno, "write", "only an area's actions.py or the kernel writes the database"
        if _names_industry(node) and "industries" not in path.parts:
            yield str(path), node.lineno, "industry", "no condition names an industry outside industries/: make a row"


def _is_write(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func
    if isinstance(name, ast.Attribute) and name.attr in WRITES and isinstance(name.value, ast.Name):
        return name.value.id in ("sa", "sqlalchemy") or name.value.id.endswith("_table")
    return isinstance(name, ast.Name) and name.id in {"insert"}


def _names_industry(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    named = any("industry" in ast.unparse(side) for side in sides if not isinstance(side, ast.Constant))
    return named and any(
        isinstance(side, ast.Constant) and side.value in ("security", "ndt", "medical") for side in sides
    )


def line_rules(path: Path, lines: list[str]) -> Iterator[Problem]:
    """Yield numbers of a standard standing in code, and words of unfinished work."""
    for number, line in enumerate(lines, start=1):
        if UNFINISHED.search(line) and path.name != "check.py":
            yield str(path), number, "unfinished", line.strip()
        if path.parts[0] == "src" and STANDARD.search(line):
            code = line.split("#", 1)[0]
            if any(match[0] not in PLAIN_NUMBERS for match in NUMBER.finditer(code)):
                yield str(path), number, "standard-number", "a number of a standard stands in standards/, not in code"


def problems() -> Iterator[Problem]:
    """Yield every problem of every file."""
    for path in tracked():
        text = (ROOT / path).read_text(encoding="utf-8")
        lines = text.splitlines()
        yield from sizes(path, lines)
        yield from line_rules(path, lines)
        if path.suffix == ".py":
            yield from python_rules(path, text)


def main() -> int:
    """Print what is wrong and return 1 when anything is."""
    with (ROOT / "tools" / "exceptions.csv").open(encoding="utf-8") as file:
        allowed = {(row["path"], row["rule"]) for row in csv.DictReader(file)}
    found = list(problems())
    unused = allowed - {(path, rule) for path, _, rule, _ in found}
    wrong = [problem for problem in found if (problem[0], problem[2]) not in allowed]
    for path, line, rule, message in wrong:
        print(f"{path}:{line}: {rule}: {message}")
    for path, rule in sorted(unused):
        print(f"tools/exceptions.csv: {path} no longer breaks {rule}: delete its row")
    return 1 if wrong or unused else 0


if __name__ == "__main__":
    sys.exit(main())
