"""Slower lanes of reading: two more states hold a lease."""

from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BEFORE = "'extracting', 'judging', 'receiving'"
_AFTER = "'converting', 'extracting', 'judging', 'reading_pictures', 'receiving'"


def upgrade() -> None:
    _change(_BEFORE, _AFTER)


def downgrade() -> None:
    _change(_AFTER, _BEFORE)


def _change(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        name = "ck_submission_lease_only_while_busy"
        op.drop_constraint(op.f(name), "submission", type_="check")
        op.create_check_constraint(op.f(name), "submission", f"(lease_until IS NOT NULL) = (state IN ({after}))")
        return
    # SQLite has no ALTER for constraints. A copy of the table would break the rows that refer to it; for a change that
    # leaves the stored rows as they are, its documentation describes this way (lang_altertable.html, section 7).
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'submission' AND instr(sql, ?)",
        (before, after, before),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the table submission has not the constraint that this migration changes")
    connection.exec_driver_sql(f"PRAGMA schema_version={int(version) + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=OFF")
