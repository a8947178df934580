"""Add links with which people see and erase what is kept about them.

A new table that nothing old reads. A downgrade breaks the links that are under way, which live for an hour.
"""

import sqlalchemy as sa
from alembic import op


revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("email_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_data_request_token_digest")),
    )
    op.create_index(op.f("ix_data_request_expires_at"), "data_request", ["expires_at"])


def downgrade() -> None:
    op.drop_table("data_request")
