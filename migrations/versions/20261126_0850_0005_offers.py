"""Add offers of freed places, answers that wait for their owner, and what somebody needs.

Every column may be empty or is zero, and old code reads none of them, so it may run beside. A downgrade turns open
offers back into waiting, so that nobody is lost, and loses proposed answers and needs.
"""

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNTS = ("confirmed", "unconfirmed", "pending", "tentative", "waitlisted")
OPEN = sa.text("offered_until IS NOT NULL")


def _check(counts: tuple[str, ...]) -> str:
    return " AND ".join(f"{count} >= 0" for count in counts)


def upgrade() -> None:
    with op.batch_alter_table("rsvp") as rsvp:
        rsvp.add_column(sa.Column("needs_sealed", sa.Text(), nullable=True))
        rsvp.add_column(sa.Column("offered_until", sa.DateTime(), nullable=True))
        rsvp.add_column(sa.Column("lapsed_at", sa.DateTime(), nullable=True))
        rsvp.add_column(sa.Column("proposed_sealed", sa.Text(), nullable=True))
        rsvp.add_column(sa.Column("proposed_at", sa.DateTime(), nullable=True))
        rsvp.create_check_constraint(
            op.f("ck_rsvp_offered_while_waiting"), "offered_until IS NULL OR status = 'waitlisted'"
        )
        rsvp.create_index(
            op.f("ix_rsvp_offered"), ["offered_until"], sqlite_where=OPEN, postgresql_where=OPEN
        )
    with op.batch_alter_table("rsvp_tally") as tally:
        tally.add_column(sa.Column("offered", sa.Integer(), server_default="0", nullable=False))
        tally.drop_constraint(op.f("ck_rsvp_tally_counts"), type_="check")
        tally.create_check_constraint(op.f("ck_rsvp_tally_counts"), _check((*COUNTS, "offered")))


def downgrade() -> None:
    op.execute("UPDATE rsvp_tally SET waitlisted = waitlisted + offered")
    with op.batch_alter_table("rsvp_tally") as tally:
        tally.drop_constraint(op.f("ck_rsvp_tally_counts"), type_="check")
        tally.create_check_constraint(op.f("ck_rsvp_tally_counts"), _check(COUNTS))
        tally.drop_column("offered")
    with op.batch_alter_table("rsvp") as rsvp:
        rsvp.drop_index(op.f("ix_rsvp_offered"))
        rsvp.drop_constraint(op.f("ck_rsvp_offered_while_waiting"), type_="check")
        for column in ("needs_sealed", "offered_until", "lapsed_at", "proposed_sealed", "proposed_at"):
            rsvp.drop_column(column)
