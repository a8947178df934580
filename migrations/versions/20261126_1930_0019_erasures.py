"""Remember who was erased on their wish, so that a restored backup does not bring them back.

A new table that nothing old reads. A downgrade forgets which erasures the database knows; the ledger beside it
stays, and after the next upgrade they are done again, which finds nobody.
"""

import sqlalchemy as sa
from alembic import op


revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UNCOPIED = sa.text("copied_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "address", "answer", "account",
                name="erasurekind", native_enum=False, create_constraint=True, length=7,
            ),
            nullable=False,
        ),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("erased_at", sa.DateTime(), nullable=False),
        sa.Column("copied_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("public_id", name=op.f("uq_erasure_public_id")),
    )
    op.create_index(op.f("ix_erasure_erased_at"), "erasure", ["erased_at"])
    op.create_index(
        "ix_erasure_uncopied", "erasure", ["id"], sqlite_where=UNCOPIED, postgresql_where=UNCOPIED
    )


def downgrade() -> None:
    op.drop_table("erasure")
