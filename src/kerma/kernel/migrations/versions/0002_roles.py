"""The roles every installation starts with."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

READING = [
    "archive.ingest", "archive.view", "archive.export", "worklist.view", "worklist.claim", "worklist.release",
    "review.decide", "report.view", "report.sign",
]  # fmt: skip
"""What reading an exam takes. Whole areas are not granted: some of their actions belong to the software alone."""
ROLES = {
    "administrator": ("Looks after Kerma: people, roles, nodes, settings", ["*"]),
    "lead": (
        "Leads a team of analysts; Level III",
        [*READING, "archive.check", "archive.delete", "worklist.free", "training.*", "people.view"],
    ),
    "analyst": (
        "Reads images, decides and reports: screener, radiographer, Level I and II",
        READING,
    ),
    "trainer": ("Trains and tests people", ["archive.view", "training.*", "people.view"]),
    "auditor": ("Checks what was done, changes nothing", ["archive.view", "archive.check", "ledger.*", "people.view"]),
    "engineer": ("Looks after the X-ray machines", ["archive.ingest", "archive.view", "equipment.*"]),
    "radiation-safety": ("Looks after doses, areas and sources", ["archive.view", "safety.*"]),
}


def upgrade() -> None:
    role = sa.table("role", sa.column("name"), sa.column("description"))
    role_permission = sa.table("role_permission", sa.column("role"), sa.column("pattern"))
    op.bulk_insert(role, [{"name": name, "description": text} for name, (text, _) in ROLES.items()])
    op.bulk_insert(
        role_permission,
        [{"role": name, "pattern": pattern} for name, (_, patterns) in ROLES.items() for pattern in patterns],
    )
