"""The tree of bodies, one a year."""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "membership",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("body_code", sa.String(length=64), nullable=False),
        sa.Column("parent_code", sa.String(length=64), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("year", "body_code", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_parent", "membership", ["year", "parent_code"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_membership_parent", table_name="membership")
    op.drop_table("membership")
