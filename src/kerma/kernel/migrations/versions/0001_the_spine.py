"""The spine."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("thing", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.String(length=27), nullable=False),
        sa.Column("raised_by", sa.String(length=80), nullable=False),
        sa.Column("acknowledged_at", sa.String(length=27), server_default="", nullable=False),
        sa.Column("acknowledged_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.create_index(
            "uq_alarm_open",
            ["kind", "thing"],
            unique=True,
            sqlite_where=sa.text("acknowledged_at = ''"),
            postgresql_where=sa.text("acknowledged_at = ''"),
        )

    op.create_table(
        "backup_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("begun_at", sa.String(length=27), nullable=False),
        sa.Column("alive_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), server_default="", nullable=False),
        sa.Column("ledger_size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("blob_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('running', 'done', 'failed')", name=op.f("ck_backup_run_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
        sa.UniqueConstraint("name", name=op.f("uq_backup_run_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "blob_removal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("removed_at", sa.String(length=27), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blob_removal")),
        sa.UniqueConstraint("sha256", name=op.f("uq_blob_removal_sha256")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("blob_removal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_blob_removal_removed_at_id"), ["removed_at", "id"], unique=False)

    op.create_table(
        "break_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("most_s", sa.Integer(), nullable=False),
        sa.Column("break_s", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("mode IN ('off', 'told', 'enforced')", name=op.f("ck_break_rule_mode")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_rule")),
    )
    with op.batch_alter_table("break_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_break_rule_industry"), ["industry"], unique=False)

    op.create_table(
        "custody_contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("duty_hours", sa.Text(), server_default="", nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("ended_by", sa.String(length=80), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_contact")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "custody_party",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), server_default="", nullable=False),
        sa.Column("document", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_party")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deletion_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("exam_count", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion_plan")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("deletion_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deletion_plan_digest"), ["digest"], unique=False)

    op.create_table(
        "display",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("serial_number", sa.String(length=64), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.String(length=32), nullable=False),
        sa.Column("retired_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("retired_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_display")),
    )
    with op.batch_alter_table("display", schema=None) as batch_op:
        batch_op.create_index(
            "uq_display_in_use",
            ["name"],
            unique=True,
            sqlite_where=sa.text("retired_at = ''"),
            postgresql_where=sa.text("retired_at = ''"),
        )

    op.create_table(
        "exam_term",
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("term", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "term", "exam_pk", name=op.f("pk_exam_term")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("exam_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_term_exam_pk_kind"), ["exam_pk", "kind"], unique=False)

    op.create_table(
        "flow",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow")),
    )
    with op.batch_alter_table("flow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flow_industry"), ["industry"], unique=False)

    op.create_table(
        "handling_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("suspicion", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("cordon", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handling_rule")),
        sa.UniqueConstraint("suspicion", "version", name=op.f("uq_handling_rule_suspicion_version")),
    )
    op.create_table(
        "item_rules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_rules")),
    )
    op.create_table(
        "job_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_at", sa.String(length=27), nullable=False),
        sa.Column("due_at", sa.String(length=27), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=True),
        sa.Column("finished_at", sa.String(length=27), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("workflow_id", sa.String(length=255), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'handed', 'running', 'done', 'parked', 'superseded')",
            name=op.f("ck_job_request_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_request")),
    )
    with op.batch_alter_table("job_request", schema=None) as batch_op:
        batch_op.create_index("ix_job_request_key", ["name", "key", "state"], unique=False)
        batch_op.create_index("ix_job_request_open", ["state", "due_at"], unique=False)
        batch_op.create_index(
            "uq_job_request_waiting",
            ["name", "key"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "lane",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("machine", sa.String(length=128), nullable=False),
        sa.Column("pool", sa.String(length=64), nullable=False),
        sa.Column("running_s", sa.Integer(), nullable=False),
        sa.Column("stopped_s", sa.Integer(), nullable=False),
        sa.Column("at_time_out", sa.String(length=8), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("at_time_out IN ('refer', 'stop')", name=op.f("ck_lane_at_time_out")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
    )
    with op.batch_alter_table("lane", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lane_name_id"), ["name", "id"], unique=False)

    op.create_table(
        "ledger_checkpoint",
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoint")),
    )
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("checkpoint_size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("checkpoint_at", sa.String(length=27), nullable=False),
        sa.Column("vkey", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "ledger_node",
        sa.Column("tile_level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "node_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tile_level", "node_index", name=op.f("pk_ledger_node")),
    )
    op.create_table(
        "ledger_record",
        sa.Column(
            "record_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_index", name=op.f("pk_ledger_record")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("thing", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.String(length=32), nullable=False),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("lift_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("lift_requested_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("lift_requested_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("lifted_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("lifted_by", sa.String(length=80), server_default="", nullable=False),
        sa.CheckConstraint("lifted_by = '' OR lifted_by <> lift_requested_by", name=op.f("ck_legal_hold_two_persons")),
        sa.CheckConstraint("target IN ('exam', 'subject', 'accession', 'item')", name=op.f("ck_legal_hold_target")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_hold_target_thing"), ["target", "thing"], unique=False)

    op.create_table(
        "locked_image",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("image_set", sa.String(length=64), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("print", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locked_image")),
        sa.UniqueConstraint("image_set", "image_sha256", name=op.f("uq_locked_image_image_set_image_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_sha256", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    with op.batch_alter_table("login_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_attempt_account_sha256_at"), ["account_sha256", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_attempt_address_at"), ["address", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_attempt_at"), ["at"], unique=False)

    op.create_table(
        "matching",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("site", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("language IN ('ignore', 'prefer', 'require')", name=op.f("ck_matching_language")),
        sa.CheckConstraint("site IN ('ignore', 'prefer', 'require')", name=op.f("ck_matching_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matching")),
    )
    with op.batch_alter_table("matching", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_matching_industry"), ["industry"], unique=False)

    op.create_table(
        "model",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("trial", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("origin IN ('shipped', 'brought', 'site')", name=op.f("ck_model_origin")),
        sa.CheckConstraint("state IN ('candidate', 'shadow', 'active', 'retired')", name=op.f("ck_model_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_model_name_version")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("model", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_sha256"), ["sha256"], unique=False)
        batch_op.create_index(
            "uq_model_active",
            ["name"],
            unique=True,
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )

    op.create_table(
        "node",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("certificate_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("is_tls", sa.Boolean(), nullable=False),
        sa.Column("dialect", sa.String(length=16), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("max_associations", sa.Integer(), nullable=False),
        sa.Column("preferred_transfer_syntaxes", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state IN ('on', 'off', 'removed')", name=op.f("ck_node_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node")),
    )
    with op.batch_alter_table("node", schema=None) as batch_op:
        batch_op.create_index(
            "uq_node_ae_title",
            ["ae_title"],
            unique=True,
            sqlite_where=sa.text("state != 'removed'"),
            postgresql_where=sa.text("state != 'removed'"),
        )

    op.create_table(
        "nonconformance_setting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nonconformance_setting")),
    )
    op.create_table(
        "ordered_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("accession", sa.String(length=16), nullable=False),
        sa.Column("requested_id", sa.String(length=16), nullable=False),
        sa.Column("requested_description", sa.Text(), nullable=False),
        sa.Column("requested_codes", sa.Text(), server_default="[]", nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=64), server_default="", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.String(length=8), server_default="", nullable=False),
        sa.Column("sex", sa.String(length=16), server_default="", nullable=False),
        sa.Column("station_ae", sa.Text(), nullable=False),
        sa.Column("station_name", sa.Text(), server_default="", nullable=False),
        sa.Column("location", sa.String(length=16), server_default="", nullable=False),
        sa.Column("language", sa.String(length=8), server_default="", nullable=False),
        sa.Column("modality", sa.String(length=16), nullable=False),
        sa.Column("start_date", sa.String(length=8), nullable=False),
        sa.Column("start_time", sa.String(length=16), nullable=False),
        sa.Column("performing_name", sa.Text(), server_default="", nullable=False),
        sa.Column("requesting_name", sa.Text(), server_default="", nullable=False),
        sa.Column("referring_name", sa.Text(), server_default="", nullable=False),
        sa.Column("step_id", sa.String(length=16), nullable=False),
        sa.Column("step_description", sa.Text(), server_default="", nullable=False),
        sa.Column("protocol_codes", sa.Text(), server_default="[]", nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("comments", sa.Text(), server_default="", nullable=False),
        sa.Column("placer_order", sa.String(length=64), server_default="", nullable=False),
        sa.Column("filler_order", sa.String(length=64), server_default="", nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.Column("ordered_by", sa.String(length=80), nullable=False),
        sa.Column("ordered_at", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.Column("cancel_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('scheduled', 'arrived', 'started', 'completed', 'discontinued', 'canceled')",
            name=op.f("ck_ordered_step_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ordered_step")),
        sa.UniqueConstraint(
            "accession", "requested_id", "step_id", name=op.f("uq_ordered_step_accession_requested_id_step_id")
        ),
    )
    with op.batch_alter_table("ordered_step", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ordered_step_state_start_date_id"), ["state", "start_date", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_ordered_step_step_id"), ["step_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ordered_step_study_uid"), ["study_uid"], unique=False)
        batch_op.create_index(batch_op.f("ix_ordered_step_subject_id_id"), ["subject_id", "id"], unique=False)

    op.create_table(
        "pack_confirmation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("pack", sa.String(length=64), nullable=False),
        sa.Column("table_sha256", sa.String(length=64), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("withdrawn_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pack_confirmation")),
    )
    with op.batch_alter_table("pack_confirmation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pack_confirmation_pack"), ["pack"], unique=False)
        batch_op.create_index(
            "uq_pack_confirmation_in_force",
            ["pack", "table_sha256"],
            unique=True,
            sqlite_where=sa.text("withdrawn_at = ''"),
            postgresql_where=sa.text("withdrawn_at = ''"),
        )

    op.create_table(
        "peer_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("exam_class", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("share_permille", sa.SmallInteger(), nullable=False),
        sa.Column("first_count", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("is_blinded", sa.Boolean(), nullable=False),
        sa.Column("hides_reviewer", sa.Boolean(), nullable=False),
        sa.Column("due_days", sa.SmallInteger(), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "kind IN ('random', 'risk', 'person', 'new-person', 'disagreement')", name=op.f("ck_peer_plan_kind")
        ),
        sa.CheckConstraint("share_permille BETWEEN 1 AND 1000", name=op.f("ck_peer_plan_share")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer_plan")),
    )
    with op.batch_alter_table("peer_plan", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_peer_plan_industry_exam_class_kind_person_id"),
            ["industry", "exam_class", "kind", "person", "id"],
            unique=False,
        )

    op.create_table(
        "performed_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("matching", sa.String(length=16), nullable=False),
        sa.Column("reasons", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("decided_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("suspects", sa.Text(), server_default="", nullable=False),
        sa.Column("dismiss_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("station_ae", sa.Text(), nullable=False),
        sa.Column("modality", sa.String(length=16), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("accession", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("announced_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.CheckConstraint(
            "matching IN ('matched', 'unmatched', 'contradicting', 'by-person', 'dismissed')",
            name=op.f("ck_performed_step_matching"),
        ),
        sa.CheckConstraint(
            "state IN ('in-progress', 'completed', 'discontinued')", name=op.f("ck_performed_step_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performed_step")),
        sa.UniqueConstraint("uid", name=op.f("uq_performed_step_uid")),
    )
    with op.batch_alter_table("performed_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_performed_step_matching_id"), ["matching", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_performed_step_study_uid"), ["study_uid"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("login", sa.String(length=128), nullable=False),
        sa.Column("login_folded", sa.String(length=256), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("password_hash", sa.String(length=256), nullable=True),
        sa.Column("password_set_at", sa.String(length=27), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("disabled_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login_folded", name=op.f("uq_person_login_folded")),
    )
    op.create_table(
        "pool_member",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("pool", sa.String(length=64), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_member")),
    )
    with op.batch_alter_table("pool_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_member_person_pool_id"), ["person", "pool", "id"], unique=False)

    op.create_table(
        "quality_point",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("machine", sa.String(length=128), nullable=False),
        sa.Column("of", sa.String(length=96), nullable=False),
        sa.Column("value_name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_point")),
        sa.UniqueConstraint(
            "image_sha256", "of", "value_name", name=op.f("uq_quality_point_image_sha256_of_value_name")
        ),
    )
    with op.batch_alter_table("quality_point", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quality_point_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_quality_point_machine_of_value_name_at_id"),
            ["machine", "of", "value_name", "at", "id"],
            unique=False,
        )

    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sidecar_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("image_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("conflicts_with_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.Column("kept_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("kept_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("kept_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint(
            "sha256", "sidecar_sha256", "reason", name=op.f("uq_quarantine_sha256_sidecar_sha256_reason")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "reader",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("industries", sa.JSON(), nullable=False),
        sa.Column("modalities", sa.JSON(), nullable=False),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("most_claimed", sa.SmallInteger(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader")),
    )
    with op.batch_alter_table("reader", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reader_person"), ["person"], unique=False)

    op.create_table(
        "reading_policy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("exam_class", sa.String(length=16), server_default="", nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("reading", sa.String(length=16), nullable=False),
        sa.Column("differing", sa.String(length=16), server_default="anybody", nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "algorithm IN ('concurrent', 'second-reader', 'off')", name=op.f("ck_reading_policy_algorithm")
        ),
        sa.CheckConstraint(
            "differing IN ('anybody', 'third-reader', 'consensus')", name=op.f("ck_reading_policy_differing")
        ),
        sa.CheckConstraint("reading IN ('open', 'blind', 'double')", name=op.f("ck_reading_policy_reading")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_policy")),
    )
    with op.batch_alter_table("reading_policy", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reading_policy_industry_exam_class_id"), ["industry", "exam_class", "id"], unique=False
        )

    op.create_table(
        "reading_target",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("measure", sa.String(length=32), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "measure IN ('exams-per-hour', 'retake-share', 'reading-minutes')", name=op.f("ck_reading_target_measure")
        ),
        sa.CheckConstraint("low >= 0 AND high > low", name=op.f("ck_reading_target_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_target")),
    )
    with op.batch_alter_table("reading_target", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reading_target_industry_site_role_measure_id"),
            ["industry", "site", "role", "measure", "id"],
            unique=False,
        )

    op.create_table(
        "reference_image",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("image_set", sa.String(length=32), nullable=False),
        sa.Column("volume", sa.String(length=64), nullable=False),
        sa.Column("discontinuity", sa.String(length=64), nullable=False),
        sa.Column("plate_thickness_mm", sa.Float(), nullable=True),
        sa.Column("grade", sa.SmallInteger(), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("srb_um", sa.Float(), nullable=False),
        sa.Column("cnr", sa.Float(), nullable=False),
        sa.Column("measured", sa.JSON(), nullable=False),
        sa.Column("licence_holder", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.String(length=32), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("withdrawn_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_image")),
    )
    with op.batch_alter_table("reference_image", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reference_image_image_sha256"), ["image_sha256"], unique=False)
        batch_op.create_index(
            "uq_reference_image_in_force",
            ["image_sha256"],
            unique=True,
            sqlite_where=sa.text("withdrawn_at = ''"),
            postgresql_where=sa.text("withdrawn_at = ''"),
        )

    op.create_table(
        "report_batch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.String(length=32), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_batch")),
    )
    op.create_table(
        "report_site",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.JSON(), nullable=False),
        sa.Column("logo_sha256", sa.String(length=64), nullable=True),
        sa.Column("accreditation", sa.Text(), nullable=False),
        sa.Column("footer", sa.Text(), nullable=False),
        sa.Column("paper", sa.String(length=16), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_site")),
    )
    op.create_table(
        "retention_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("subject_class", sa.String(length=64), server_default="", nullable=False),
        sa.Column("kept_days", sa.Integer(), nullable=False),
        sa.Column("counted_from", sa.String(length=8), nullable=False),
        sa.Column("source_kind", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("returns", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=3), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("ended_by", sa.String(length=80), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('on', 'off')", name=op.f("ck_retention_rule_state")),
        sa.CheckConstraint("kept_days >= 0", name=op.f("ck_retention_rule_kept_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_rule")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "review_default",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_default")),
    )
    with op.batch_alter_table("review_default", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_default_industry"), ["industry"], unique=False)

    op.create_table(
        "role",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_role")),
    )
    op.create_table(
        "route",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("condition", sa.JSON(), nullable=False),
        sa.Column("node_ids", sa.JSON(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("quiet_s", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('send', 'prior')", name=op.f("ck_route_kind")),
        sa.CheckConstraint("state IN ('on', 'off')", name=op.f("ck_route_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route")),
        sa.UniqueConstraint("name", name=op.f("uq_route_name")),
    )
    op.create_table(
        "screen_time",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("began_at", sa.String(length=32), nullable=False),
        sa.Column("last_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("person", "industry", name=op.f("pk_screen_time")),
    )
    op.create_table(
        "scrub_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(length=128), nullable=False),
        sa.Column("last_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("in_round", sa.BigInteger(), nullable=False),
        sa.Column("round_begun_at", sa.String(length=32), nullable=False),
        sa.Column("round_ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_scrub_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scrub_state")),
    )
    op.create_table(
        "search_setting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_setting")),
    )
    op.create_table(
        "service_level",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("urgency", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due_in_s", sa.Integer(), nullable=False),
        sa.Column("warn_before_s", sa.Integer(), nullable=False),
        sa.Column("claim_expires_s", sa.Integer(), nullable=False),
        sa.Column("chain", sa.JSON(), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_level")),
    )
    with op.batch_alter_table("service_level", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_service_level_industry_urgency_id"), ["industry", "urgency", "id"], unique=False
        )

    op.create_table(
        "signing_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("certificate_sha256", sa.String(length=64), nullable=False),
        sa.Column("certificates", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("imported_at", sa.String(length=32), nullable=False),
        sa.Column("retired_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    with op.batch_alter_table("signing_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signing_key_owner"), ["owner"], unique=False)

    op.create_table(
        "site_pack",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("withdrawn_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_pack")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_site_pack_name_version")),
    )
    op.create_table(
        "skill_needed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("modality", sa.String(length=16), nullable=False),
        sa.Column("skill", sa.String(length=64), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill_needed")),
    )
    with op.batch_alter_table("skill_needed", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_skill_needed_industry_modality_skill_id"),
            ["industry", "modality", "skill", "id"],
            unique=False,
        )

    op.create_table(
        "specification",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("name_folded", sa.String(length=512), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("drafted_by", sa.String(length=80), nullable=False),
        sa.Column("drafted_at", sa.String(length=32), nullable=False),
        sa.Column("in_force_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('part', 'route', 'examination')", name=op.f("ck_specification_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'in-review', 'in-force', 'superseded', 'withdrawn')",
            name=op.f("ck_specification_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specification")),
        sa.UniqueConstraint(
            "industry",
            "kind",
            "name_folded",
            "version",
            name=op.f("uq_specification_industry_kind_name_folded_version"),
        ),
    )
    with op.batch_alter_table("specification", schema=None) as batch_op:
        batch_op.create_index(
            "uq_specification_in_force",
            ["industry", "kind", "name_folded"],
            unique=True,
            sqlite_where=sa.text("state = 'in-force'"),
            postgresql_where=sa.text("state = 'in-force'"),
        )
        batch_op.create_index(
            "uq_specification_open",
            ["industry", "kind", "name_folded"],
            unique=True,
            sqlite_where=sa.text("state IN ('draft', 'in-review')"),
            postgresql_where=sa.text("state IN ('draft', 'in-review')"),
        )

    op.create_table(
        "subject",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("birth_date", sa.String(length=16), nullable=False),
        sa.Column("sex", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject")),
        sa.UniqueConstraint("key", name=op.f("uq_subject_key")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("subject", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subject_name_folded_id"), ["name_folded", "id"], unique=False)
        batch_op.create_index(
            "uq_subject_subject_id_issuer_industry",
            ["subject_id", "issuer", "industry"],
            unique=True,
            sqlite_where=sa.text("subject_id != ''"),
            postgresql_where=sa.text("subject_id != ''"),
        )

    op.create_table(
        "subject_class",
        sa.Column("subject_key", sa.String(length=36), nullable=False),
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("subject_key", name=op.f("pk_subject_class")),
    )
    op.create_table(
        "subject_term",
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("term", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column(
            "subject_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.PrimaryKeyConstraint("kind", "term", "subject_pk", name=op.f("pk_subject_term")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("subject_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subject_term_subject_pk_kind"), ["subject_pk", "kind"], unique=False)

    op.create_table(
        "tier_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("after_days", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=3), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("ended_by", sa.String(length=80), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('on', 'off')", name=op.f("ck_tier_rule_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_rule")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tip_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("share_permille", sa.SmallInteger(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("is_ended", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("share_permille BETWEEN 1 AND 1000", name=op.f("ck_tip_plan_share")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_plan")),
    )
    with op.batch_alter_table("tip_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tip_plan_station_id"), ["station", "id"], unique=False)

    op.create_table(
        "tip_threat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("words", sa.String(length=128), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("turn_deg", sa.JSON(), nullable=False),
        sa.Column("views_sha256", sa.String(length=64), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.String(length=32), nullable=False),
        sa.Column("retired_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_threat")),
        sa.UniqueConstraint("name", "seed", name=op.f("uq_tip_threat_name_seed")),
    )
    with op.batch_alter_table("tip_threat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tip_threat_category_retired_at"), ["category", "retired_at"], unique=False)

    op.create_table(
        "tombstone",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_uid", sa.String(length=64), nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("returns", sa.String(length=16), nullable=False),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("deleted_at", sa.String(length=32), nullable=False),
        sa.Column("deleted_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("tombstone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tombstone_exam_uid"), ["exam_uid"], unique=False)

    op.create_table(
        "ups_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("workitem_uid", sa.String(length=64), nullable=False),
        sa.Column("event_type_id", sa.SmallInteger(), nullable=False),
        sa.Column("information", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.String(length=32), nullable=False),
        sa.Column("sent_at", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ups_event")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("ups_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ups_event_ae_title_id"), ["ae_title", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ups_event_happened_at"), ["happened_at"], unique=False)

    op.create_table(
        "ups_watch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("filter", sa.Text(), server_default="", nullable=False),
        sa.Column("is_locking", sa.Boolean(), nullable=False),
        sa.Column("subscribed_by", sa.String(length=80), nullable=False),
        sa.Column("subscribed_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ups_watch")),
        sa.UniqueConstraint("ae_title", name=op.f("uq_ups_watch_ae_title")),
    )
    op.create_table(
        "workitem",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("transaction_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("performer", sa.String(length=80), server_default="", nullable=False),
        sa.Column("subject_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state = 'SCHEDULED' OR transaction_uid <> ''", name=op.f("ck_workitem_locked")),
        sa.CheckConstraint(
            "state IN ('SCHEDULED', 'IN PROGRESS', 'COMPLETED', 'CANCELED')", name=op.f("ck_workitem_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workitem")),
        sa.UniqueConstraint("uid", name=op.f("uq_workitem_uid")),
    )
    with op.batch_alter_table("workitem", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workitem_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_workitem_subject_id_id"), ["subject_id", "id"], unique=False)

    op.create_table(
        "display_check",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("display_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('look', 'measure')", name=op.f("ck_display_check_kind")),
        sa.CheckConstraint("outcome IN ('pass', 'fail')", name=op.f("ck_display_check_outcome")),
        sa.ForeignKeyConstraint(["display_id"], ["display.id"], name=op.f("fk_display_check_display_id_display")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_display_check")),
    )
    with op.batch_alter_table("display_check", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_display_check_display_id_kind_at"), ["display_id", "kind", "at"], unique=False
        )

    op.create_table(
        "exam",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("subject_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("accession", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("exam_date", sa.String(length=16), nullable=False),
        sa.Column("exam_time", sa.String(length=16), nullable=False),
        sa.Column("timezone", sa.String(length=8), server_default="", nullable=False),
        sa.Column("exam_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("description", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("referring_name", sa.Text(), nullable=False),
        sa.Column("modalities", sa.Text(), nullable=False),
        sa.Column("sop_classes", sa.Text(), server_default="", nullable=False),
        sa.Column("series_count", sa.Integer(), nullable=False),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.Column("last_received_at", sa.String(length=32), nullable=False),
        sa.Column("flags", sa.Text(), server_default="", nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["subject_pk"], ["subject.id"], name=op.f("fk_exam_subject_pk_subject")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam")),
        sa.UniqueConstraint("uid", name=op.f("uq_exam_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("exam", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_accession_id"), ["accession", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_description_id"), ["description", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_exam_date_id"), ["exam_date", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_exam_id_id"), ["exam_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_industry_id"), ["industry", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_subject_pk_id"), ["subject_pk", "id"], unique=False)

    op.create_table(
        "fetch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("route_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("exam_count", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done', 'parked')", name=op.f("ck_fetch_state")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_fetch_node_id_node")),
        sa.ForeignKeyConstraint(["route_id"], ["route.id"], name=op.f("fk_fetch_route_id_route")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetch")),
        sa.UniqueConstraint("route_id", "cause", "node_id", name=op.f("uq_fetch_route_id_cause_node_id")),
    )
    op.create_table(
        "fetched_exam",
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_fetched_exam_node_id_node")),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_fetched_exam")),
    )
    op.create_table(
        "model_drift",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine", sa.String(length=128), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("cleared_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("cleared_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("cleared_reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_model_drift_model_id_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_drift")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("model_drift", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_model_drift_model_id_machine_id"), ["model_id", "machine", "id"], unique=False
        )

    op.create_table(
        "model_state",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("evidence_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state IN ('candidate', 'shadow', 'active', 'retired')", name=op.f("ck_model_state_state")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_model_state_model_id_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_state")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("model_state", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_state_model_id"), ["model_id"], unique=False)

    op.create_table(
        "model_threshold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine", sa.String(length=128), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("operating_point", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("evidence_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("withdrawn_at", sa.String(length=32), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_model_threshold_model_id_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_threshold")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("model_threshold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_threshold_model_id"), ["model_id"], unique=False)
        batch_op.create_index(
            "uq_model_threshold_in_force",
            ["model_id", "machine"],
            unique=True,
            sqlite_where=sa.text("withdrawn_at = ''"),
            postgresql_where=sa.text("withdrawn_at = ''"),
        )

    op.create_table(
        "performed_image",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("performed_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("image_uid", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["performed_pk"], ["performed_step.id"], name=op.f("fk_performed_image_performed_pk_performed_step")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performed_image")),
    )
    with op.batch_alter_table("performed_image", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_performed_image_performed_pk"), ["performed_pk"], unique=False)

    op.create_table(
        "performed_order",
        sa.Column("performed_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_pk"], ["ordered_step.id"], name=op.f("fk_performed_order_order_pk_ordered_step")
        ),
        sa.ForeignKeyConstraint(
            ["performed_pk"], ["performed_step.id"], name=op.f("fk_performed_order_performed_pk_performed_step")
        ),
        sa.PrimaryKeyConstraint("performed_pk", "order_pk", name=op.f("pk_performed_order")),
    )
    with op.batch_alter_table("performed_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_performed_order_order_pk"), ["order_pk"], unique=False)

    op.create_table(
        "person_role",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_role_person_id_person")),
        sa.ForeignKeyConstraint(["role"], ["role.name"], name=op.f("fk_person_role_role_role")),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_role")),
    )
    op.create_table(
        "pilot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machines", sa.JSON(), nullable=False),
        sa.Column("planned_exams", sa.Integer(), nullable=False),
        sa.Column("least_sensitivity", sa.Float(), nullable=False),
        sa.Column("most_false_per_exam", sa.Float(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.String(length=32), nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("end_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("is_signed_off", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_pilot_model_id_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("pilot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pilot_model_id"), ["model_id"], unique=False)
        batch_op.create_index(
            "uq_pilot_open",
            ["model_id"],
            unique=True,
            sqlite_where=sa.text("ended_at = ''"),
            postgresql_where=sa.text("ended_at = ''"),
        )

    op.create_table(
        "posting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sites", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_posting_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posting_person_id"), ["person_id"], unique=False)

    op.create_table(
        "preference",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("set_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_preference_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "name", name=op.f("pk_preference")),
    )
    op.create_table(
        "role_permission",
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("pattern", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["role"], ["role.name"], name=op.f("fk_role_permission_role_role"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("role", "pattern", name=op.f("pk_role_permission")),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("last_seen_at", sa.String(length=27), nullable=False),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=256), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_session_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_session_token_sha256")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "specification_approval",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("specification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=128), server_default="", nullable=False),
        sa.Column("organisation", sa.String(length=128), server_default="", nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("side IN ('own', 'customer')", name=op.f("ck_specification_approval_side")),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["specification.id"],
            name=op.f("fk_specification_approval_specification_id_specification"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specification_approval")),
        sa.UniqueConstraint(
            "specification_id",
            "revision",
            "side",
            name=op.f("uq_specification_approval_specification_id_revision_side"),
        ),
    )
    op.create_table(
        "specification_attachment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("specification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["specification.id"],
            name=op.f("fk_specification_attachment_specification_id_specification"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specification_attachment")),
        sa.UniqueConstraint(
            "specification_id", "sha256", name=op.f("uq_specification_attachment_specification_id_sha256")
        ),
    )
    op.create_table(
        "specification_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("specification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=32), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["specification.id"],
            name=op.f("fk_specification_step_specification_id_specification"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specification_step")),
    )
    with op.batch_alter_table("specification_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_specification_step_specification_id"), ["specification_id"], unique=False)

    op.create_table(
        "specification_text",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("specification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["specification.id"],
            name=op.f("fk_specification_text_specification_id_specification"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specification_text")),
        sa.UniqueConstraint(
            "specification_id", "revision", name=op.f("uq_specification_text_specification_id_revision")
        ),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["role"], ["role.name"], name=op.f("fk_token_role_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("name", name=op.f("uq_token_name")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_token_token_sha256")),
    )
    op.create_table(
        "ups_subscription",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("workitem_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("is_locking", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workitem_pk"], ["workitem.id"], name=op.f("fk_ups_subscription_workitem_pk_workitem")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ups_subscription")),
        sa.UniqueConstraint("workitem_pk", "ae_title", name=op.f("uq_ups_subscription_workitem_pk_ae_title")),
    )
    with op.batch_alter_table("ups_subscription", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ups_subscription_ae_title"), ["ae_title"], unique=False)

    op.create_table(
        "commitment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("transaction_uid", sa.String(length=64), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.Column("committed", sa.JSON(), nullable=False),
        sa.Column("failed", sa.JSON(), nullable=False),
        sa.Column("requested_at", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("direction IN ('given', 'asked')", name=op.f("ck_commitment_direction")),
        sa.CheckConstraint("state IN ('waiting', 'done', 'parked', 'unanswered')", name=op.f("ck_commitment_state")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_commitment_exam_pk_exam")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_commitment_node_id_node")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint(
            "direction", "node_id", "transaction_uid", name=op.f("uq_commitment_direction_node_id_transaction_uid")
        ),
    )
    op.create_table(
        "consult",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("colleague", sa.String(length=80), server_default="", nullable=False),
        sa.Column("guest_name", sa.Text(), server_default="", nullable=False),
        sa.Column("guest_email", sa.Text(), server_default="", nullable=False),
        sa.Column("guest_organisation", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("answered_name", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("withdrawn_at", sa.String(length=32), server_default="", nullable=False),
        sa.CheckConstraint("(colleague = '') <> (guest_name = '')", name=op.f("ck_consult_asked")),
        sa.CheckConstraint("state IN ('open', 'answered', 'withdrawn')", name=op.f("ck_consult_state")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_consult_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consult")),
    )
    with op.batch_alter_table("consult", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consult_exam_pk"), ["exam_pk"], unique=False)

    op.create_table(
        "critical_result",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("finding", sa.String(length=64), server_default="", nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("edition", sa.String(length=32), nullable=False),
        sa.Column("seen_by", sa.String(length=80), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("notified_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("told_step", sa.SmallInteger(), server_default="-1", nullable=False),
        sa.Column("notice_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("answered_at", sa.String(length=32), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'notified', 'closed', 'withdrawn')", name=op.f("ck_critical_result_state")
        ),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_critical_result_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_result")),
        sa.UniqueConstraint("number", name=op.f("uq_critical_result_number")),
    )
    with op.batch_alter_table("critical_result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_critical_result_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_critical_result_notice_at"), ["notice_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_critical_result_seen_by"), ["seen_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_critical_result_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "custody_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("image_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("image_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("original_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("offered_to", sa.String(length=80), server_default="", nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("seal_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("entry_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_custody_item_exam_pk_exam")),
        sa.ForeignKeyConstraint(
            ["original_pk"], ["custody_item.id"], name=op.f("fk_custody_item_original_pk_custody_item")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_item")),
        sa.UniqueConstraint("number", name=op.f("uq_custody_item_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("custody_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custody_item_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_custody_item_offered_to"), ["offered_to"], unique=False)
        batch_op.create_index(batch_op.f("ix_custody_item_original_pk"), ["original_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_custody_item_state_id"), ["state", "id"], unique=False)

    op.create_table(
        "declaration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_declaration_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration")),
        sa.UniqueConstraint("exam_pk", "version", name=op.f("uq_declaration_exam_pk_version")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("image_uid", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=8), nullable=False),
        sa.Column("route_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("sent_count", sa.Integer(), nullable=False),
        sa.Column("sent_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sent_until_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("failed", sa.JSON(), nullable=False),
        sa.Column("requested_at", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("reason IN ('rule', 'person', 'move', 'commit')", name=op.f("ck_delivery_reason")),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'parked')", name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_delivery_exam_pk_exam")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_delivery_node_id_node")),
        sa.ForeignKeyConstraint(["route_id"], ["route.id"], name=op.f("fk_delivery_route_id_route")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_exam_pk_node_id"), ["exam_pk", "node_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_state_id"), ["state", "id"], unique=False)

    op.create_table(
        "evidence_package",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("made_of", sa.String(length=64), server_default="", nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('evidence', 'redacted')", name=op.f("ck_evidence_package_kind")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_evidence_package_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_package")),
        sa.UniqueConstraint("uid", name=op.f("uq_evidence_package_uid")),
    )
    with op.batch_alter_table("evidence_package", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_package_exam_pk"), ["exam_pk"], unique=False)

    op.create_table(
        "exam_comment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_exam_comment_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_comment")),
        sa.UniqueConstraint("exam_pk", "number", "version", name=op.f("uq_exam_comment_exam_pk_number_version")),
    )
    op.create_table(
        "exam_lane",
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("pool", sa.String(length=64), nullable=False),
        sa.Column("at_time_out", sa.String(length=8), nullable=False),
        sa.Column("stopped_s", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.String(length=32), nullable=False),
        sa.Column("began_at", sa.String(length=32), nullable=False),
        sa.Column("answer_by", sa.String(length=32), nullable=False),
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        sa.Column("result", sa.String(length=8), server_default="", nullable=False),
        sa.Column("result_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("how", sa.String(length=16), server_default="", nullable=False),
        sa.CheckConstraint("how IN ('', 'decided', 'timed-out')", name=op.f("ck_exam_lane_how")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_exam_lane_exam_pk_exam")),
        sa.PrimaryKeyConstraint("exam_pk", name=op.f("pk_exam_lane")),
    )
    with op.batch_alter_table("exam_lane", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_lane_how_lane"), ["how", "lane"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_lane_result_at"), ["result_at"], unique=False)

    op.create_table(
        "exam_lot",
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=128), nullable=False),
        sa.CheckConstraint("kind IN ('welder', 'lot', 'owner')", name=op.f("ck_exam_lot_kind")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_exam_lot_exam_pk_exam")),
        sa.PrimaryKeyConstraint("exam_pk", "kind", name=op.f("pk_exam_lot")),
    )
    with op.batch_alter_table("exam_lot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_lot_kind_value_exam_pk"), ["kind", "value", "exam_pk"], unique=False)

    op.create_table(
        "exam_place",
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_exam_place_exam_pk_exam"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("exam_pk", name=op.f("pk_exam_place")),
    )
    with op.batch_alter_table("exam_place", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_place_tier"), ["tier"], unique=False)

    op.create_table(
        "exam_source",
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("actor_key", sa.String(length=80), nullable=False),
        sa.Column("calling_ae", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_exam_source_exam_pk_exam")),
        sa.PrimaryKeyConstraint("exam_pk", name=op.f("pk_exam_source")),
    )
    op.create_table(
        "exam_specification",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("specification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_exam_specification_exam_pk_exam")),
        sa.ForeignKeyConstraint(
            ["specification_id"],
            ["specification.id"],
            name=op.f("fk_exam_specification_specification_id_specification"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_specification")),
    )
    with op.batch_alter_table("exam_specification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_specification_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_specification_specification_id"), ["specification_id"], unique=False)

    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("finding", sa.JSON(), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reader", sa.String(length=64), nullable=False),
        sa.Column("reader_first", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("answer IN ('accepted', 'dismissed', 'missed')", name=op.f("ck_feedback_answer")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_feedback_exam_pk_exam")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_feedback_model_id_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_image_sha256"), ["image_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_feedback_model_id"), ["model_id"], unique=False)

    op.create_table(
        "forensic_examination",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_forensic_examination_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forensic_examination")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("forensic_examination", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_forensic_examination_exam_pk_id"), ["exam_pk", "id"], unique=False)

    op.create_table(
        "inbox_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("read_at", sa.String(length=32), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_inbox_entry_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_entry")),
    )
    with op.batch_alter_table("inbox_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbox_entry_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbox_entry_person_id"), ["person", "id"], unique=False)

    op.create_table(
        "item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("decision_proposed", sa.String(length=32), server_default="", nullable=False),
        sa.Column("decision", sa.String(length=32), server_default="", nullable=False),
        sa.Column("queued_at", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("plain_priority", sa.SmallInteger(), nullable=False),
        sa.Column("plain_due_at", sa.String(length=32), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("claimed_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("claim_until", sa.String(length=32), server_default="", nullable=False),
        sa.Column("closed_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("urgency", sa.String(length=16), server_default="routine", nullable=False),
        sa.Column("stage", sa.String(length=32), server_default="", nullable=False),
        sa.Column("round_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("assigned_to", sa.String(length=64), server_default="", nullable=False),
        sa.Column("notice_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("held_until", sa.String(length=32), server_default="", nullable=False),
        sa.Column("held_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("rule", sa.String(length=64), server_default="", nullable=False),
        sa.Column("trigger", sa.String(length=16), server_default="", nullable=False),
        sa.Column("skill", sa.String(length=64), server_default="", nullable=False),
        sa.Column("site", sa.String(length=64), server_default="", nullable=False),
        sa.Column("site_folded", sa.String(length=64), server_default="", nullable=False),
        sa.Column("language", sa.String(length=8), server_default="", nullable=False),
        sa.Column("not_for", sa.String(length=64), server_default="", nullable=False),
        sa.CheckConstraint("(state = 'claimed') = (claimed_by <> '')", name=op.f("ck_item_holder")),
        sa.CheckConstraint("state IN ('waiting', 'claimed', 'held', 'closed')", name=op.f("ck_item_state")),
        sa.CheckConstraint("urgency IN ('stat', 'urgent', 'routine')", name=op.f("ck_item_urgency")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_item_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("exam_pk", name=op.f("uq_item_exam_pk")),
    )
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_claimed_by"), ["claimed_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_industry_state"), ["industry", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_notice_at"), ["notice_at"], unique=False)
        batch_op.create_index(
            "ix_item_open",
            ["priority", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state != 'closed'"),
            postgresql_where=sa.text("state != 'closed'"),
        )
        batch_op.create_index(batch_op.f("ix_item_queued_at"), ["queued_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_item_state_priority_due_at_id"), ["state", "priority", "due_at", "id"], unique=False
        )

    op.create_table(
        "lane_result",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("lane", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("does", sa.String(length=8), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("does IN ('clear', 'divert', 'hold')", name=op.f("ck_lane_result_does")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_lane_result_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane_result")),
        sa.UniqueConstraint("lane", "number", name=op.f("uq_lane_result_lane_number")),
    )
    with op.batch_alter_table("lane_result", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lane_result_exam_pk"), ["exam_pk"], unique=False)

    op.create_table(
        "marks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_marks_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marks")),
        sa.UniqueConstraint("exam_pk", "by", "version", name=op.f("uq_marks_exam_pk_by_version")),
    )
    op.create_table(
        "model_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("machine", sa.String(length=128), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("mode IN ('shadow', 'active')", name=op.f("ck_model_run_mode")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_model_run_exam_pk_exam")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_model_run_model_id_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_run")),
        sa.UniqueConstraint("model_id", "image_sha256", name=op.f("uq_model_run_model_id_image_sha256")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("model_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_run_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_model_run_model_id_machine_id"), ["model_id", "machine", "id"], unique=False
        )

    op.create_table(
        "opening",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("actor_key", sa.String(length=80), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_opening_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
        sa.UniqueConstraint("actor_key", "exam_pk", name=op.f("uq_opening_actor_key_exam_pk")),
    )
    op.create_table(
        "pilot_exam",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("pilot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("machine", sa.String(length=128), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("false_marks", sa.Integer(), nullable=False),
        sa.Column("disagreements", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_pilot_exam_exam_pk_exam")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilot.id"], name=op.f("fk_pilot_exam_pilot_id_pilot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_exam")),
        sa.UniqueConstraint("pilot_id", "exam_pk", name=op.f("uq_pilot_exam_pilot_id_exam_pk")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("pilot_exam", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pilot_exam_exam_pk"), ["exam_pk"], unique=False)

    op.create_table(
        "recall",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=128), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('welder', 'lot', 'owner')", name=op.f("ck_recall_kind")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_recall_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
    )
    with op.batch_alter_table("recall", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recall_exam_pk"), ["exam_pk"], unique=False)

    op.create_table(
        "report_writing",
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("written_by", sa.String(length=64), nullable=False),
        sa.Column("written_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_report_writing_exam_pk_exam")),
        sa.PrimaryKeyConstraint("exam_pk", "version", name=op.f("pk_report_writing")),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("modality", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("body_part", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column(
            "laterality",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            server_default="",
            nullable=False,
        ),
        sa.Column(
            "protocol", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), server_default="", nullable=False
        ),
        sa.Column("manufacturer", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("model", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("serial_number", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("station", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("institution", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("series_date", sa.String(length=16), server_default="", nullable=False),
        sa.Column("series_time", sa.String(length=16), server_default="", nullable=False),
        sa.Column("performed_date", sa.String(length=16), server_default="", nullable=False),
        sa.Column("performed_time", sa.String(length=16), server_default="", nullable=False),
        sa.Column(
            "performed_id",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            server_default="",
            nullable=False,
        ),
        sa.Column(
            "requested_id",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            server_default="",
            nullable=False,
        ),
        sa.Column(
            "scheduled_id",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            server_default="",
            nullable=False,
        ),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.Column("document", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_series_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("uid", name=op.f("uq_series_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_body_part_id"), ["body_part", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_series_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_series_modality_id"), ["modality", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_series_performed_date_id"), ["performed_date", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_series_station_id"), ["station", "id"], unique=False)

    op.create_table(
        "tip_exam",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("is_projected", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("threat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("realism", sa.Float(), nullable=True),
        sa.Column("why_not", sa.Text(), server_default="", nullable=False),
        sa.Column("arrived_at", sa.String(length=32), nullable=False),
        sa.Column("ready_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('preparing', 'open', 'ended')", name=op.f("ck_tip_exam_state")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_tip_exam_exam_pk_exam")),
        sa.ForeignKeyConstraint(["plan_id"], ["tip_plan.id"], name=op.f("fk_tip_exam_plan_id_tip_plan")),
        sa.ForeignKeyConstraint(["threat_id"], ["tip_threat.id"], name=op.f("fk_tip_exam_threat_id_tip_threat")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_exam")),
        sa.UniqueConstraint("exam_pk", name=op.f("uq_tip_exam_exam_pk")),
    )
    with op.batch_alter_table("tip_exam", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tip_exam_state"), ["state"], unique=False)

    op.create_table(
        "unread_exam",
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.String(length=16), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_unread_exam_exam_pk_exam")),
        sa.PrimaryKeyConstraint("exam_pk", name=op.f("pk_unread_exam")),
    )
    with op.batch_alter_table("unread_exam", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unread_exam_industry_rule"), ["industry", "rule"], unique=False)

    op.create_table(
        "analysis",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("images_digest", sa.String(length=64), nullable=False),
        sa.Column("declaration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("decision_proposed", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["declaration_id"], ["declaration.id"], name=op.f("fk_analysis_declaration_id_declaration")
        ),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_analysis_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis")),
    )
    with op.batch_alter_table("analysis", schema=None) as batch_op:
        batch_op.create_index("uq_analysis_declared", ["exam_pk", "images_digest", "declaration_id"], unique=True)
        batch_op.create_index(
            "uq_analysis_undeclared",
            ["exam_pk", "images_digest"],
            unique=True,
            sqlite_where=sa.text("declaration_id IS NULL"),
            postgresql_where=sa.text("declaration_id IS NULL"),
        )

    op.create_table(
        "critical_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("critical_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["critical_id"], ["critical_result.id"], name=op.f("fk_critical_step_critical_id_critical_result")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_critical_step")),
    )
    with op.batch_alter_table("critical_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_critical_step_critical_id"), ["critical_id"], unique=False)

    op.create_table(
        "custody_disclosure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("item_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), server_default="[]", nullable=False),
        sa.Column("receipt", sa.Text(), server_default="", nullable=False),
        sa.Column("disclosed_at", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["custody_contact.id"], name=op.f("fk_custody_disclosure_contact_id_custody_contact")
        ),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_custody_disclosure_exam_pk_exam")),
        sa.ForeignKeyConstraint(
            ["item_pk"], ["custody_item.id"], name=op.f("fk_custody_disclosure_item_pk_custody_item")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_disclosure")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("custody_disclosure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custody_disclosure_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_custody_disclosure_item_pk"), ["item_pk"], unique=False)

    op.create_table(
        "custody_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("item_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("happened_at", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("giver", sa.String(length=80), server_default="", nullable=False),
        sa.Column("receiver", sa.String(length=80), server_default="", nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("seal_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("signature", sa.Text(), server_default="", nullable=False),
        sa.Column("signature_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("confirmed_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.Column("is_struck", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("refers_to", sa.String(length=40), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["item_pk"], ["custody_item.id"], name=op.f("fk_custody_entry_item_pk_custody_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_entry")),
        sa.UniqueConstraint("item_pk", "number", name=op.f("uq_custody_entry_item_pk_number")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "guest_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("consult_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("shows_findings", sa.Boolean(), nullable=False),
        sa.Column("shows_subject", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("revoked_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("revoked_at", sa.String(length=32), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["consult_id"], ["consult.id"], name=op.f("fk_guest_link_consult_id_consult")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_guest_link_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_guest_link_token_sha256")),
    )
    with op.batch_alter_table("guest_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guest_link_consult_id"), ["consult_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_guest_link_exam_pk"), ["exam_pk"], unique=False)

    op.create_table(
        "image",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("series_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_class_name", sa.Text(), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("columns", sa.Integer(), nullable=True),
        sa.Column("planes", sa.Integer(), nullable=True),
        sa.Column("bits", sa.Integer(), nullable=True),
        sa.Column("bits_allocated", sa.SmallInteger(), nullable=True),
        sa.Column("acquired_at", sa.String(length=32), nullable=False),
        sa.Column("warnings", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sidecar_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('image', 'object')", name=op.f("ck_image_kind")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_image_exam_pk_exam")),
        sa.ForeignKeyConstraint(["series_pk"], ["series.id"], name=op.f("fk_image_series_pk_series")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
        sa.UniqueConstraint("uid", name=op.f("uq_image_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_exam_pk_id"), ["exam_pk", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_series_pk_id"), ["series_pk", "id"], unique=False)

    op.create_table(
        "late_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("raised_at", sa.String(length=32), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("acknowledged_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_late_notice_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_notice")),
        sa.UniqueConstraint("item_id", "due_at", "step", name=op.f("uq_late_notice_item_id_due_at_step")),
    )
    with op.batch_alter_table("late_notice", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_late_notice_acknowledged_at_role_id"), ["acknowledged_at", "role", "id"], unique=False
        )

    op.create_table(
        "series_document",
        sa.Column("series_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("image_count", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_pk"], ["series.id"], name=op.f("fk_series_document_series_pk_series"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_pk", name=op.f("pk_series_document")),
    )
    op.create_table(
        "tip_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("threat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("category", sa.String(length=32), server_default="", nullable=False),
        sa.Column("tip_exam_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("result IN ('hit', 'miss', 'alarm', 'cleared')", name=op.f("ck_tip_answer_result")),
        sa.ForeignKeyConstraint(["threat_id"], ["tip_threat.id"], name=op.f("fk_tip_answer_threat_id_tip_threat")),
        sa.ForeignKeyConstraint(["tip_exam_id"], ["tip_exam.id"], name=op.f("fk_tip_answer_tip_exam_id_tip_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip_answer")),
    )
    with op.batch_alter_table("tip_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tip_answer_person_at"), ["person", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_tip_answer_tip_exam_id"), ["tip_exam_id"], unique=False)

    op.create_table(
        "image_fingerprint",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("image_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plane", sa.Integer(), nullable=False),
        sa.Column("bits", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_image_fingerprint_exam_pk_exam")),
        sa.ForeignKeyConstraint(["image_pk"], ["image.id"], name=op.f("fk_image_fingerprint_image_pk_image")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_fingerprint")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("image_fingerprint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_fingerprint_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_fingerprint_image_pk"), ["image_pk"], unique=False)

    op.create_table(
        "judgement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("analysis_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("decision_proposed", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["analysis_id"], ["analysis.id"], name=op.f("fk_judgement_analysis_id_analysis")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_judgement_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgement")),
        sa.UniqueConstraint("exam_pk", "version", name=op.f("uq_judgement_exam_pk_version")),
    )
    with op.batch_alter_table("judgement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_judgement_analysis_id"), ["analysis_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_judgement_exam_pk"), ["exam_pk"], unique=False)

    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("analysis_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("judgement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("stage", sa.String(length=32), server_default="", nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("request_key", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["analysis_id"], ["analysis.id"], name=op.f("fk_decision_analysis_id_analysis")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_decision_exam_pk_exam")),
        sa.ForeignKeyConstraint(["judgement_id"], ["judgement.id"], name=op.f("fk_decision_judgement_id_judgement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("exam_pk", "level", name=op.f("uq_decision_exam_pk_level")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_by_at", ["by", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(
            "uq_decision_request_key",
            ["by", "request_key"],
            unique=True,
            sqlite_where=sa.text("request_key != ''"),
            postgresql_where=sa.text("request_key != ''"),
        )

    op.create_table(
        "discrepancy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reader", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("other_exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("severity", sa.String(length=32), nullable=False),
        sa.Column("edition", sa.String(length=32), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("is_blinded", sa.Boolean(), nullable=False),
        sa.Column("seen_by", sa.String(length=80), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("remedy", sa.String(length=16), server_default="", nullable=False),
        sa.Column("addendum_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("outcome", sa.String(length=16), server_default="", nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.CheckConstraint("remedy IN ('', 'addendum', 'read-again')", name=op.f("ck_discrepancy_remedy")),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'disputed', 'dismissed', 'closed', 'withdrawn')",
            name=op.f("ck_discrepancy_state"),
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_discrepancy_decision_id_decision")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_discrepancy_exam_pk_exam")),
        sa.ForeignKeyConstraint(["other_exam_pk"], ["exam.id"], name=op.f("fk_discrepancy_other_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancy")),
        sa.UniqueConstraint("number", name=op.f("uq_discrepancy_number")),
    )
    with op.batch_alter_table("discrepancy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_discrepancy_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_discrepancy_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_discrepancy_other_exam_pk"), ["other_exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_discrepancy_reader"), ["reader"], unique=False)
        batch_op.create_index(batch_op.f("ix_discrepancy_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "nonconformance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("finding_ids", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("disposition", sa.String(length=16), server_default="", nullable=False),
        sa.Column("concession_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("customer_approver", sa.String(length=128), server_default="", nullable=False),
        sa.Column("follow_up_exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("opened_at", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'proposed', 'decided', 'closed', 'withdrawn')", name=op.f("ck_nonconformance_state")
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_nonconformance_decision_id_decision")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_nonconformance_exam_pk_exam")),
        sa.ForeignKeyConstraint(
            ["follow_up_exam_pk"], ["exam.id"], name=op.f("fk_nonconformance_follow_up_exam_pk_exam")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nonconformance")),
        sa.UniqueConstraint("number", name=op.f("uq_nonconformance_number")),
    )
    with op.batch_alter_table("nonconformance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nonconformance_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_nonconformance_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_nonconformance_follow_up_exam_pk"), ["follow_up_exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_nonconformance_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(
            "uq_nonconformance_open",
            ["exam_pk"],
            unique=True,
            sqlite_where=sa.text("state IN ('open', 'proposed', 'decided')"),
            postgresql_where=sa.text("state IN ('open', 'proposed', 'decided')"),
        )

    op.create_table(
        "peer_case",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("industry", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_blinded", sa.Boolean(), nullable=False),
        sa.Column("hides_reviewer", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.String(length=32), nullable=False),
        sa.Column("reviewer", sa.String(length=64), server_default="", nullable=False),
        sa.Column("claimed_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("had_opened", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("closed_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("withdrawn_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(state IN ('claimed', 'done')) = (reviewer <> '')", name=op.f("ck_peer_case_reviewer")),
        sa.CheckConstraint("state IN ('open', 'claimed', 'done', 'withdrawn')", name=op.f("ck_peer_case_state")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_peer_case_decision_id_decision")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_peer_case_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer_case")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_peer_case_decision_id")),
    )
    with op.batch_alter_table("peer_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_peer_case_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_peer_case_person_state"), ["person", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_peer_case_reviewer_state"), ["reviewer", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_peer_case_state_due_at_id"), ["state", "due_at", "id"], unique=False)

    op.create_table(
        "reading",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.Column("last_image_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("analysis_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("judgement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("conclusion", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("reading", sa.String(length=16), nullable=False),
        sa.Column("saw_algorithm", sa.Boolean(), nullable=False),
        sa.Column("saw_people", sa.Boolean(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('first', 'independent', 'decision', 'consensus')", name=op.f("ck_reading_kind")),
        sa.ForeignKeyConstraint(["analysis_id"], ["analysis.id"], name=op.f("fk_reading_analysis_id_analysis")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_reading_decision_id_decision")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_reading_exam_pk_exam")),
        sa.ForeignKeyConstraint(["judgement_id"], ["judgement.id"], name=op.f("fk_reading_judgement_id_judgement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_reading_decision_id")),
    )
    with op.batch_alter_table("reading", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reading_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_reading_recorded_at"), ["recorded_at"], unique=False)
        batch_op.create_index(
            "uq_reading_once",
            ["exam_pk", "person", "kind", "last_image_pk"],
            unique=True,
            sqlite_where=sa.text("kind <> 'decision'"),
            postgresql_where=sa.text("kind <> 'decision'"),
        )

    op.create_table(
        "recall_exam",
        sa.Column("recall_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_recall_exam_decision_id_decision")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_recall_exam_exam_pk_exam")),
        sa.ForeignKeyConstraint(["recall_id"], ["recall.id"], name=op.f("fk_recall_exam_recall_id_recall")),
        sa.PrimaryKeyConstraint("recall_id", "exam_pk", name=op.f("pk_recall_exam")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_recall_exam_decision_id")),
    )
    with op.batch_alter_table("recall_exam", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recall_exam_exam_pk"), ["exam_pk"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("analysis_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("judgement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("template", sa.String(length=64), server_default="", nullable=False),
        sa.Column("language", sa.String(length=8), server_default="en", nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("record_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("marks_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("criticals_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("writing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("written_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("written_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("hides", sa.String(length=16), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("signed_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("signed_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("certificate_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("stated", sa.JSON(), nullable=True),
        sa.Column("amends_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("changes", sa.JSON(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'signed')", name=op.f("ck_report_state")),
        sa.ForeignKeyConstraint(["amends_id"], ["report.id"], name=op.f("fk_report_amends_id_report")),
        sa.ForeignKeyConstraint(["analysis_id"], ["analysis.id"], name=op.f("fk_report_analysis_id_analysis")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_report_decision_id_decision")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_report_exam_pk_exam")),
        sa.ForeignKeyConstraint(["judgement_id"], ["judgement.id"], name=op.f("fk_report_judgement_id_judgement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(
            "uq_report_amends",
            ["amends_id"],
            unique=True,
            sqlite_where=sa.text("amends_id IS NOT NULL"),
            postgresql_where=sa.text("amends_id IS NOT NULL"),
        )

    op.create_table(
        "search_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reader", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=32), server_default="", nullable=False),
        sa.Column("suspicion", sa.String(length=32), nullable=False),
        sa.Column("instruction", sa.Text(), server_default="", nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ordered_by", sa.String(length=80), nullable=False),
        sa.Column("ordered_at", sa.String(length=32), nullable=False),
        sa.Column("searcher", sa.String(length=80), server_default="", nullable=False),
        sa.Column("started_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("ended_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("outcome", sa.String(length=32), server_default="", nullable=False),
        sa.Column("category", sa.String(length=32), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("custody_number", sa.String(length=40), server_default="", nullable=False),
        sa.CheckConstraint("(state = 'done') = (outcome <> '')", name=op.f("ck_search_order_outcome")),
        sa.CheckConstraint("state IN ('ordered', 'started', 'done', 'canceled')", name=op.f("ck_search_order_state")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_search_order_decision_id_decision")),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_search_order_exam_pk_exam")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_order")),
    )
    with op.batch_alter_table("search_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_order_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_search_order_exam_pk"), ["exam_pk"], unique=False)
        batch_op.create_index(batch_op.f("ix_search_order_reader"), ["reader"], unique=False)
        batch_op.create_index(batch_op.f("ix_search_order_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(
            "uq_search_order_open",
            ["exam_pk"],
            unique=True,
            sqlite_where=sa.text("state IN ('ordered', 'started')"),
            postgresql_where=sa.text("state IN ('ordered', 'started')"),
        )

    op.create_table(
        "discrepancy_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("discrepancy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["discrepancy_id"], ["discrepancy.id"], name=op.f("fk_discrepancy_step_discrepancy_id_discrepancy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancy_step")),
    )
    with op.batch_alter_table("discrepancy_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_discrepancy_step_discrepancy_id"), ["discrepancy_id"], unique=False)

    op.create_table(
        "nonconformance_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("nonconformance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["nonconformance_id"],
            ["nonconformance.id"],
            name=op.f("fk_nonconformance_step_nonconformance_id_nonconformance"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nonconformance_step")),
    )
    with op.batch_alter_table("nonconformance_step", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_nonconformance_step_nonconformance_id"), ["nonconformance_id"], unique=False
        )

    op.create_table(
        "peer_conclusion",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("conclusion", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("was_blinded", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["peer_case.id"], name=op.f("fk_peer_conclusion_case_id_peer_case")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_peer_conclusion")),
    )
    op.create_table(
        "peer_given_back",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["peer_case.id"], name=op.f("fk_peer_given_back_case_id_peer_case")),
        sa.PrimaryKeyConstraint("case_id", "person", name=op.f("pk_peer_given_back")),
    )
    op.create_table(
        "peer_reason",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["peer_case.id"], name=op.f("fk_peer_reason_case_id_peer_case")),
        sa.ForeignKeyConstraint(["plan_id"], ["peer_plan.id"], name=op.f("fk_peer_reason_plan_id_peer_plan")),
        sa.PrimaryKeyConstraint("case_id", "plan_id", name=op.f("pk_peer_reason")),
    )
    op.create_table(
        "peer_review",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("score", sa.String(length=32), nullable=False),
        sa.Column("edition", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("is_significant", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["peer_case.id"], name=op.f("fk_peer_review_case_id_peer_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer_review")),
        sa.UniqueConstraint("case_id", name=op.f("uq_peer_review_case_id")),
    )
    op.create_table(
        "report_batch_row",
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done', 'refused')", name=op.f("ck_report_batch_row_state")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["report_batch.id"], name=op.f("fk_report_batch_row_batch_id_report_batch")
        ),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_report_batch_row_exam_pk_exam")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_batch_row_report_id_report")),
        sa.PrimaryKeyConstraint("batch_id", "exam_pk", name=op.f("pk_report_batch_row")),
    )
    with op.batch_alter_table("report_batch_row", schema=None) as batch_op:
        batch_op.create_index("ix_report_batch_row_state", ["batch_id", "state"], unique=False)

    op.create_table(
        "report_signature",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slot", sa.String(length=32), nullable=False),
        sa.Column("signed_by", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.String(length=32), nullable=False),
        sa.Column("certificate_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("has_time_stamp", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("qualification", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_signature_report_id_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_signature")),
        sa.UniqueConstraint("report_id", "slot", name=op.f("uq_report_signature_report_id_slot")),
    )
    with op.batch_alter_table("report_signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_signature_report_id"), ["report_id"], unique=False)

    op.create_table(
        "search_photo",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["search_order.id"], name=op.f("fk_search_photo_order_id_search_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_photo")),
        sa.UniqueConstraint("order_id", "sha256", name=op.f("uq_search_photo_order_id_sha256")),
    )
    op.create_table(
        "search_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["search_order.id"], name=op.f("fk_search_step_order_id_search_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_step")),
    )
    with op.batch_alter_table("search_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_step_order_id"), ["order_id"], unique=False)

    op.create_table(
        "peer_answer",
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["peer_review.id"], name=op.f("fk_peer_answer_review_id_peer_review")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_peer_answer")),
    )
    op.create_table(
        "peer_learning",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("review_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exam_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.String(length=32), nullable=False),
        sa.Column("done_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("done_words", sa.Text(), server_default="", nullable=False),
        sa.Column("seen_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("seen_at", sa.String(length=32), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["exam_pk"], ["exam.id"], name=op.f("fk_peer_learning_exam_pk_exam")),
        sa.ForeignKeyConstraint(["review_id"], ["peer_review.id"], name=op.f("fk_peer_learning_review_id_peer_review")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer_learning")),
        sa.UniqueConstraint("review_id", name=op.f("uq_peer_learning_review_id")),
    )
    with op.batch_alter_table("peer_learning", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_peer_learning_person_done_at"), ["person", "done_at"], unique=False)
