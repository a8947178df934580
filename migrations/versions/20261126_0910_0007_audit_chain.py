"""Chain the audit log: a number, a digest and a link for every entry, and the end of the chain.

Old code writes entries without them, and the worker chains those, too; so both may run side by side. A downgrade
loses the chain and keeps every entry.
"""

import sqlalchemy as sa
from alembic import op


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UNCHAINED = sa.text("number IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("audit_entry") as entry:
        entry.add_column(sa.Column("number", sa.Integer(), nullable=True))
        entry.add_column(sa.Column("salt", sa.String(length=32), nullable=True))
        entry.add_column(sa.Column("content_hash", sa.String(length=64), nullable=True))
        entry.add_column(sa.Column("link", sa.String(length=64), nullable=True))
        entry.add_column(sa.Column("erased_at", sa.DateTime(), nullable=True))
        entry.create_unique_constraint(op.f("uq_audit_entry_number"), ["number"])
        entry.create_index(
            op.f("ix_audit_entry_unchained"), ["id"], sqlite_where=UNCHAINED, postgresql_where=UNCHAINED
        )
        entry.create_index(op.f("ix_audit_entry_actor"), ["actor"])
    op.create_table(
        "audit_end",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.Column("chained_at", sa.DateTime(), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_end_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_end")),
    )


def downgrade() -> None:
    op.drop_table("audit_end")
    with op.batch_alter_table("audit_entry") as entry:
        entry.drop_index(op.f("ix_audit_entry_actor"))
        entry.drop_index(op.f("ix_audit_entry_unchained"))
        entry.drop_constraint(op.f("uq_audit_entry_number"), type_="unique")
        for column in ("number", "salt", "content_hash", "link", "erased_at"):
            entry.drop_column(column)
