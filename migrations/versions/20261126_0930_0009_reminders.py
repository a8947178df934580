"""Plan reminders for each event, and let people turn them off.

A new table and an empty column that nothing old reads. A downgrade forgets what was reminded of: after the next
upgrade the messages' own keys still keep anybody from being reminded twice of the same.
"""

import sqlalchemy as sa
from alembic import op


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OPEN = sa.text("done_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "event_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("week", "day", "morning", name="reminderkind", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("last_rsvp_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_reminder_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_reminder")),
        sa.UniqueConstraint("event_id", "kind", name=op.f("uq_event_reminder_event_id_kind")),
    )
    op.create_index(
        op.f("ix_event_reminder_open"), "event_reminder", ["due_at"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    with op.batch_alter_table("rsvp") as rsvp:
        rsvp.add_column(sa.Column("reminders_off_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rsvp") as rsvp:
        rsvp.drop_column("reminders_off_at")
    op.drop_table("event_reminder")
