"""Ask for help by roles and numbers, and keep what somebody offers in a row of its own.

Safe while the old code runs: `rsvp.help` stays where it is and may be written; what the old code writes
into it after this is not read. Offers that were in it become rows, and the text is emptied.
A downgrade writes the offers of the five general roles back into it; who was assigned is lost with it.
"""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
GENERAL = ("marshal", "speaker", "medic", "legal-observer", "translator")
AT_A_TIME = 1_000


def upgrade() -> None:
    with op.batch_alter_table("event") as event:
        event.add_column(
            sa.Column(
                "help_wanted",
                sa.JSON().with_variant(JSONB(), "postgresql"),  # Alembic can't compare defaults of plain JSON
                server_default=sa.text("'[]'"),
                nullable=False,
            )
        )
    op.create_table(
        "help_offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("rsvp_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("offered_at", sa.DateTime(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(), nullable=True),
        sa.Column("thanked_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "assigned_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_help_offer_not_both")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_help_offer_event_id_event"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rsvp_id"], ["rsvp.id"], name=op.f("fk_help_offer_rsvp_id_rsvp"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_offer")),
        sa.UniqueConstraint("public_id", name=op.f("uq_help_offer_public_id")),
        sa.UniqueConstraint("rsvp_id", "code", name=op.f("uq_help_offer_rsvp_id_code")),
    )
    op.create_index(op.f("ix_help_offer_event_id_code"), "help_offer", ["event_id", "code"])
    _offers_from_texts()


def downgrade() -> None:
    _texts_from_offers()
    op.drop_index(op.f("ix_help_offer_event_id_code"), table_name="help_offer")
    op.drop_table("help_offer")
    with op.batch_alter_table("event") as event:
        event.drop_column("help_wanted")


def _offers_from_texts() -> None:
    bind, last = op.get_bind(), 0
    some = sa.text(
        "SELECT id, event_id, help, submitted_at FROM rsvp "
        "WHERE help != '' AND status != 'declined' AND id > :last ORDER BY id LIMIT :most"
    ).columns(submitted_at=sa.DateTime())
    offers = sa.table(
        "help_offer",
        sa.column("public_id"),
        sa.column("event_id"),
        sa.column("rsvp_id"),
        sa.column("code"),
        sa.column("offered_at", sa.DateTime()),
    )
    while rows := bind.execute(some, {"last": last, "most": AT_A_TIME}).all():
        found = [
            {
                "public_id": "".join(secrets.choice(ALPHABET) for _ in range(10)),
                "event_id": row.event_id,
                "rsvp_id": row.id,
                "code": code,
                "offered_at": row.submitted_at,
            }
            for row in rows
            for code in dict.fromkeys(row.help.split())
            if code in GENERAL
        ]
        if found:
            bind.execute(sa.insert(offers), found)
        last = rows[-1].id
    bind.execute(sa.text("UPDATE rsvp SET help = '' WHERE help != ''"))


def _texts_from_offers() -> None:
    bind = op.get_bind()
    codes: dict[int, list[str]] = {}
    asked = sa.text("SELECT rsvp_id, code FROM help_offer WHERE withdrawn_at IS NULL ORDER BY id")
    for rsvp_id, code in bind.execute(asked):
        if code in GENERAL:
            codes.setdefault(rsvp_id, []).append(code)
    if codes:
        written = [{"rsvp": rsvp_id, "help": " ".join(found)} for rsvp_id, found in codes.items()]
        bind.execute(sa.text("UPDATE rsvp SET help = :help WHERE id = :rsvp"), written)
