"""Add the door: who came, in numbers, and the links with which helpers say so.

Four new tables that nothing old reads, so old code may run beside them. Losing them on a downgrade loses who
came; the answers themselves stay.
"""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attendance",
        sa.Column("rsvp_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(), nullable=True),
        sa.Column("said_at", sa.DateTime(), nullable=False),
        sa.Column("act_id", sa.String(length=40), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("people BETWEEN 0 AND 10", name=op.f("ck_attendance_people")),
        sa.CheckConstraint(
            "(arrived_at IS NULL) = (people = 0)", name=op.f("ck_attendance_arrived_with_people")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_attendance_event_id_event"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rsvp_id"], ["rsvp.id"], name=op.f("fk_attendance_rsvp_id_rsvp"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rsvp_id", name=op.f("pk_attendance")),
    )
    op.create_index(op.f("ix_attendance_event_id_changed_at"), "attendance", ["event_id", "changed_at"])
    op.create_table(
        "door_tally",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("came", sa.Integer(), nullable=False),
        sa.Column("walk_ins", sa.Integer(), nullable=False),
        sa.CheckConstraint("came >= 0 AND walk_ins >= 0", name=op.f("ck_door_tally_counts")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_door_tally_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_door_tally")),
    )
    op.create_table(
        "door_act",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("act_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_door_act_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "act_id", name=op.f("pk_door_act")),
    )
    op.create_table(
        "door_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("label_sealed", sa.Text(), nullable=True),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("has_names", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_door_link_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_link")),
        sa.UniqueConstraint("public_id", name=op.f("uq_door_link_public_id")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_door_link_token_digest")),
    )
    op.create_index(op.f("ix_door_link_event_id"), "door_link", ["event_id"])


def downgrade() -> None:
    for table in ("door_link", "door_act", "door_tally", "attendance"):
        op.drop_table(table)
