"""Add pages of sealed words by which contacts are searched, kept searches, and how merged contacts are parted.

New tables, and a column that old code does not read and leaves empty. Old code that deletes or changes a
contact while both run knows nothing of pages: the worker throws away those that say more than there is within
an hour, and packs nothing before it is the new one itself. A downgrade loses what can be packed again.
"""

import sqlalchemy as sa
from alembic import op


revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LOOSE = sa.text("search_page_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "contact_search_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("folded_sealed", sa.Text(), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("last_contact_id", sa.Integer(), nullable=False),
        sa.Column("packed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_search_page")),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["account.id"],
            name=op.f("fk_contact_search_page_owner_id_account"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_contact_search_page_owner_id"), "contact_search_page", ["owner_id"])
    op.create_table(
        "contact_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("gone_source", sa.String(length=40), nullable=False),
        sa.Column("before_sealed", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_merge")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_contact_merge_owner_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_contact_merge_contact_id_contact"),
            ondelete="CASCADE",
        ),
    )
    for column in ("contact_id", "gone_source", "expires_at"):
        op.create_index(op.f(f"ix_contact_merge_{column}"), "contact_merge", [column])
    op.create_table(
        "contact_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.Text(), nullable=False),
        sa.Column("search_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_filter")),
        sa.UniqueConstraint("public_id", name=op.f("uq_contact_filter_public_id")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_contact_filter_owner_id_account"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_contact_filter_owner_id"), "contact_filter", ["owner_id"])
    with op.batch_alter_table("contact") as batch:
        batch.add_column(sa.Column("search_page_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_contact_search_page_id_contact_search_page"),
            "contact_search_page",
            ["search_page_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch.create_index(op.f("ix_contact_search_page_id"), ["search_page_id"])
        batch.create_index(
            "ix_contact_loose", ["owner_id", "id"], sqlite_where=LOOSE, postgresql_where=LOOSE
        )


def downgrade() -> None:
    op.drop_table("contact_filter")
    op.drop_table("contact_merge")
    with op.batch_alter_table("contact") as batch:
        batch.drop_index("ix_contact_loose")
        batch.drop_index(op.f("ix_contact_search_page_id"))
        batch.drop_constraint(op.f("fk_contact_search_page_id_contact_search_page"), type_="foreignkey")
        batch.drop_column("search_page_id")
    op.drop_table("contact_search_page")
