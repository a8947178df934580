"""Add what organisers announce to those who answered.

New tables that nothing old reads. A downgrade loses announcements that were not sent, and the record of
those that were; the letters themselves stay in the outbox.
"""

import sqlalchemy as sa
from alembic import op


revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATUSES = ("draft", "waiting", "refused", "scheduled", "sending", "sent", "stopped")
UNDER_WAY = sa.text("status IN ('scheduled', 'sending')")


def upgrade() -> None:
    op.create_table(
        "announcement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(*STATUSES, name="announcementstatus", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("send_local", sa.DateTime(), nullable=True),
        sa.Column("send_fold", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(), nullable=True),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("refusal_sealed", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("last_rsvp_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
        sa.UniqueConstraint("public_id", name=op.f("uq_announcement_public_id")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_announcement_event_id_event"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_announcement_author_id_account")
        ),
    )
    op.create_index(op.f("ix_announcement_event_id_id"), "announcement", ["event_id", "id"])
    op.create_index(
        "ix_announcement_under_way",
        "announcement",
        ["due_at"],
        sqlite_where=UNDER_WAY,
        postgresql_where=UNDER_WAY,
    )
    op.create_table(
        "announcement_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("subject_sealed", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement_text")),
        sa.UniqueConstraint(
            "announcement_id", "locale", name=op.f("uq_announcement_text_announcement_id_locale")
        ),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcement.id"],
            name=op.f("fk_announcement_text_announcement_id_announcement"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("announcement_text")
    op.drop_table("announcement")
