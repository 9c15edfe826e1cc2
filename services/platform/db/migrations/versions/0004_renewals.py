"""Verdicts given anew: what asks for one, and which verdict a report's findings are."""

import sqlalchemy as sa
from alembic import op

from services.platform.db.dialect import UtcDateTime, db_now


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("report", sa.Column("verdict", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("report", sa.Column("renewed_for", sa.String(length=20), nullable=True))
    op.create_table(
        "renewal",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("report_id", _ROW_ID, nullable=False),
        sa.Column("submission_id", _ROW_ID, nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("added", sa.JSON(), nullable=True),
        sa.Column("removed", sa.JSON(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("setbacks", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("lease_owner", sa.String(length=120), nullable=True),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("nudged_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(lease_until IS NOT NULL) = (state IN ('renewing'))", name=op.f("ck_renewal_lease_only_while_busy")
        ),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_renewal_report_id_report")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_renewal_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal")),
    )
    op.create_index("ix_renewal_state", "renewal", ["state", "next_attempt_at", "id"], unique=False)
    op.create_index("ix_renewal_report", "renewal", ["report_id", "state"], unique=False)


def downgrade() -> None:
    op.drop_table("renewal")
    op.drop_column("report", "renewed_for")
    op.drop_column("report", "verdict")
