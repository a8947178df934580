"""Keep sheets of people on their way in, and what an import changed for as long as it can be taken back.

Safe while the old code runs: it knows nothing of them. A downgrade loses files that wait and the way back of
imports; the contacts they brought stay.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATUSES = ("draft", "running", "done", "failed", "undoing", "undone")
COUNTS = ("rows", "rows_done", "created", "updated", "left_out", "removed", "kept")


def upgrade() -> None:
    op.create_table(
        "contact_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(*STATUSES, name="importstatus", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("filename_sealed", sa.Text(), nullable=True),
        sa.Column("consent_sealed", sa.Text(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(), nullable=True),
        sa.Column("purposes", sa.JSON(), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("separator", sa.String(length=1), nullable=False),
        sa.Column("is_headed", sa.Boolean(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("is_updating", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_contact_import_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_contact_import_owner_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_import")),
        sa.UniqueConstraint("public_id", name=op.f("uq_contact_import_public_id")),
    )
    with op.batch_alter_table("contact_import") as table:
        table.create_index(op.f("ix_contact_import_campaign_id"), ["campaign_id"])
        table.create_index(op.f("ix_contact_import_owner_id_id"), ["owner_id", "id"])
        table.create_index(op.f("ix_contact_import_status_id"), ["status", "id"])
    op.create_table(
        "contact_import_piece",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data_sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["contact_import.id"],
            name=op.f("fk_contact_import_piece_import_id_contact_import"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_import_piece")),
        sa.UniqueConstraint("import_id", "number", name=op.f("uq_contact_import_piece_import_id_number")),
    )
    op.create_table(
        "contact_import_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("before_sealed", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["contact_import.id"],
            name=op.f("fk_contact_import_change_import_id_contact_import"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_contact_import_change_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_import_change")),
    )
    with op.batch_alter_table("contact_import_change") as table:
        table.create_index(op.f("ix_contact_import_change_contact_id"), ["contact_id"])
        table.create_index(op.f("ix_contact_import_change_import_id_id"), ["import_id", "id"])


def downgrade() -> None:
    op.drop_table("contact_import_change")
    op.drop_table("contact_import_piece")
    op.drop_table("contact_import")
