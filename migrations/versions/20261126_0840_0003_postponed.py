"""Let events be postponed, keep when they moved, and how their numbers are shown.

Safe while the old code runs: it reads and writes none of what is new, and every new column has a default.
On downgrade a postponed event becomes a cancelled one: that is what the old code can say of it without
sending anybody to a place where nobody stands.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

EVENT_BEFORE = ("draft", "submitted", "published", "rejected", "cancelled")
EVENT_AFTER = ("draft", "submitted", "published", "rejected", "postponed", "cancelled")
NOTICE_BEFORE = ("changed", "cancelled")
NOTICE_AFTER = ("changed", "postponed", "resumed", "cancelled")
NOTE_BEFORE = (
    "submitted",
    "asked",
    "published",
    "rejected",
    "change-proposed",
    "change-accepted",
    "change-refused",
    "cancelled",
    "withdrawn",
)
NOTE_AFTER = (*NOTE_BEFORE[:7], "postponed", "resumed", *NOTE_BEFORE[7:])
SHOWN = ("exact", "rounded", "hidden")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(name), type_="check")
        batch.create_check_constraint(op.f(name), _one_of(column, values))


def upgrade() -> None:
    with op.batch_alter_table("event") as event:
        event.drop_constraint(op.f("ck_event_eventstatus"), type_="check")
        event.create_check_constraint(op.f("ck_event_eventstatus"), _one_of("status", EVENT_AFTER))
        event.add_column(
            sa.Column("count_shown", sa.String(length=7), server_default="exact", nullable=False)
        )
        event.create_check_constraint(op.f("ck_event_countshown"), _one_of("count_shown", SHOWN))
        event.add_column(sa.Column("moved_at", sa.DateTime(), nullable=True))
        event.add_column(sa.Column("postponed_at", sa.DateTime(), nullable=True))
        event.add_column(
            sa.Column(
                "postponed_because", sa.String(length=300), server_default=sa.text("''"), nullable=False
            )
        )
    _allow("event_notice", "kind", "ck_event_notice_noticekind", NOTICE_AFTER)
    _allow("review_note", "kind", "ck_review_note_notekind", NOTE_AFTER)
    op.execute(
        "UPDATE event SET moved_at = "
        "(SELECT max(at) FROM event_notice WHERE event_id = event.id AND kind = 'changed')"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE event SET status = 'cancelled', cancelled_at = postponed_at, "
        "cancelled_because = postponed_because WHERE status = 'postponed'"
    )
    op.execute("DELETE FROM event_notice WHERE kind IN ('postponed', 'resumed')")
    op.execute("DELETE FROM review_note WHERE kind IN ('postponed', 'resumed')")
    _allow("review_note", "kind", "ck_review_note_notekind", NOTE_BEFORE)
    _allow("event_notice", "kind", "ck_event_notice_noticekind", NOTICE_BEFORE)
    with op.batch_alter_table("event") as event:
        event.drop_constraint(op.f("ck_event_countshown"), type_="check")
        for column in ("count_shown", "moved_at", "postponed_at", "postponed_because"):
            event.drop_column(column)
        event.drop_constraint(op.f("ck_event_eventstatus"), type_="check")
        event.create_check_constraint(op.f("ck_event_eventstatus"), _one_of("status", EVENT_BEFORE))
