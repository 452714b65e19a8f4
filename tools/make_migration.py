"""Write the next migration: the difference between the steps so far and the tables in the code.

    python tools/make_migration.py "what changes"
    python tools/make_migration.py --again 0001     # before a release only: write a step anew

Read what it wrote: Alembic sees tables, columns, indexes and keys, not moved data.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.ddl.sqlite import SQLiteImpl
from alembic.util.sqla_compat import is_expression_index

import kerma.areas
import kerma.kernel
from kerma.kernel.database import Database, metadata
from kerma.kernel.migrate import MIGRATIONS, configuration

VERSIONS = MIGRATIONS / "versions"


def load_tables() -> None:
    """Import every module that owns tables."""
    for module in pkgutil.iter_modules(kerma.kernel.__path__, "kerma.kernel."):
        if not module.ispkg:
            importlib.import_module(module.name)
    kerma.areas.load_tables()


def keep_new_expression_indexes(connection: sa.Connection) -> None:
    """Have Alembic write indexes over expressions, which it leaves out on SQLite because it cannot see those there."""

    def discard_known(_: object, wanted: set[sa.Index], __: object) -> None:
        found = sa.text("SELECT name FROM sqlite_master WHERE type = 'index'")
        known = set(connection.scalars(found))
        wanted.difference_update([index for index in wanted if is_expression_index(index) and index.name in known])

    SQLiteImpl._skip_functional_indexes = discard_known


def write(number: str, message: str, before: list[Path]) -> Path:
    """Write step ``number``: the difference from the steps ``before`` it to the code's tables."""
    with tempfile.TemporaryDirectory() as folder:
        scripts = Path(folder) / "migrations"
        (scripts / "versions").mkdir(parents=True)
        for path in (MIGRATIONS / "env.py", MIGRATIONS / "script.py.mako", *before):
            shutil.copy(path, scripts / path.relative_to(MIGRATIONS))
        database = Database(f"sqlite:///{folder}/kerma.db")
        with database.write() as connection:
            config = configuration(connection, metadata)
            config.set_main_option("script_location", str(scripts))
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            if before:
                command.upgrade(config, "head")
            keep_new_expression_indexes(connection)
            command.revision(config, message=message, rev_id=number, autogenerate=True)
        database.close()
        made = next((scripts / "versions").glob(f"{number}_*.py"))
        written = VERSIONS / made.name
        text = "".join(line for line in made.read_text().splitlines(True) if "# ###" not in line)
        # SQLite has no truth values: what its dialect writes as 0, PostgreSQL refuses as the default of one.
        written.write_text(re.sub(r"(sa\.Boolean\(\), server_default=)sa\.text\(.0.\)", r"\1sa.false()", text))
    subprocess.run([sys.executable, "-m", "ruff", "check", "-q", "--fix-only", str(written)], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(written)], check=True)
    return written


def main() -> None:
    """Read the arguments and write one step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("message", nargs="?", default="")
    parser.add_argument("--again", metavar="NUMBER", help="write this step anew, from the step before it")
    arguments = parser.parse_args()
    load_tables()
    steps = {path.name.split("_")[0]: path for path in sorted(VERSIONS.glob("[0-9]*.py"))}
    number = arguments.again or f"{len(steps) + 1:04d}"
    message = arguments.message
    if arguments.again:
        message = message or re.match(r'"""(.*?)\.?"""', steps[number].read_text()).group(1)
        steps.pop(number).unlink()
    print(write(number, message, [path for step, path in steps.items() if step < number]))


if __name__ == "__main__":
    main()
