"""Keep what comes back: bounces of messages, addresses that letters came back from, the mail server's last word.

Safe while the old code runs: the new columns of message may be empty or have a value of the server's, and the
old code reads none of them. The index for what waits is made anew with what was asked for in front; until it is
there, the old worker only looks longer. Where refusals were final, the kind of the error says so from now on, so
that the state of old messages reads as it does for new ones.

A downgrade loses bounces and the list of undeliverable addresses: letters are sent there again.
"""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WAITING = sa.text("sent_at IS NULL AND failed_at IS NULL")
PARTIAL = (
    ("ix_message_traceable", "sent_at", sa.text("recipient_digest IS NOT NULL")),
    ("ix_message_failed", "failed_at", sa.text("failed_at IS NOT NULL")),
    ("ix_message_bounced", "bounced_at", sa.text("bounced_at IS NOT NULL")),
)


def upgrade() -> None:
    op.create_table(
        "undeliverable",
        sa.Column("address_digest", sa.String(length=64), nullable=False),
        sa.Column("since_at", sa.DateTime(), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address_digest", name=op.f("pk_undeliverable")),
    )
    op.create_index(op.f("ix_undeliverable_last_at"), "undeliverable", ["last_at"])
    op.create_table(
        "mail_server",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("ok_at", sa.DateTime(), nullable=True),
        sa.Column("trouble_at", sa.DateTime(), nullable=True),
        sa.Column("trouble", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_server")),
    )
    op.drop_index("ix_message_waiting", table_name="message")
    with op.batch_alter_table("message") as message:
        message.add_column(
            sa.Column("is_asked_for", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        message.add_column(sa.Column("bounced_at", sa.DateTime(), nullable=True))
        message.add_column(
            sa.Column(
                "bounce",
                sa.Enum("hard", "soft", name="bouncekind", native_enum=False, create_constraint=True),
                nullable=True,
            )
        )
        message.add_column(sa.Column("bounce_code", sa.String(length=12), nullable=True))
        message.create_check_constraint(
            op.f("ck_message_bounce_has_a_time"), "(bounced_at IS NULL) = (bounce IS NULL)"
        )
    op.create_index(
        "ix_message_waiting",
        "message",
        ["is_asked_for", "due_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    for name, column, which in PARTIAL:
        op.create_index(name, "message", [column], sqlite_where=which, postgresql_where=which)
    op.execute(
        "UPDATE message SET error = 'refused:' || substr(error, 11) "
        "WHERE failed_at IS NOT NULL AND recipient_sealed IS NULL AND error LIKE 'recipient:5%'"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE message SET error = 'recipient:' || substr(error, 9) "
        "WHERE failed_at IS NOT NULL AND error LIKE 'refused:5%'"
    )
    for name, _, _ in PARTIAL:
        op.drop_index(name, table_name="message")
    op.drop_index("ix_message_waiting", table_name="message")
    with op.batch_alter_table("message") as message:
        message.drop_constraint(op.f("ck_message_bounce_has_a_time"), type_="check")
        message.drop_constraint(op.f("ck_message_bouncekind"), type_="check")
        message.drop_column("bounce_code")
        message.drop_column("bounce")
        message.drop_column("bounced_at")
        message.drop_column("is_asked_for")
    op.create_index(
        "ix_message_waiting",
        "message",
        ["due_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.drop_table("mail_server")
    op.drop_index(op.f("ix_undeliverable_last_at"), table_name="undeliverable")
    op.drop_table("undeliverable")
