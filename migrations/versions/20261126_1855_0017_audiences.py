"""Let announcements go to contacts and to organisers, and keep who stopped a campaign's broadcasts.

And find an organiser's contacts in a campaign in their order, so that each batch of letters costs the same.

Columns that old code does not read and whose defaults are what it means: every announcement of its own is about an
event and for those who answered it. An old worker that meets one of the new kinds finds no audience that it
understands, says so in the log and sends nothing until the new one runs. A downgrade loses announcements to contacts
and to organisers, and who stopped the latter: to be thought of before the next broadcast.
"""

import sqlalchemy as sa
from alembic import op


revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KINDS = ("answers", "contacts", "organisers")
IN_ORDER = "ix_contact_owner_id_campaign_id_id"
CAMPAIGN = "fk_announcement_campaign_id_campaign"
OF_ONE = "(kind = 'organisers') = (event_id IS NULL) AND (event_id IS NULL) = (campaign_id IS NOT NULL)"
CLOCKS = "(campaign_id IS NULL) = (timezone IS NULL)"


def upgrade() -> None:
    kind = sa.Enum(*KINDS, name="audiencekind", native_enum=False, create_constraint=True)
    with op.batch_alter_table("announcement") as batch:
        batch.add_column(sa.Column("kind", kind, nullable=False, server_default="answers"))
        batch.add_column(sa.Column("campaign_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("tag_sealed", sa.Text(), nullable=True))
        batch.add_column(sa.Column("timezone", sa.String(length=60), nullable=True))
        batch.alter_column("event_id", existing_type=sa.Integer(), nullable=True)
        batch.create_foreign_key(op.f(CAMPAIGN), "campaign", ["campaign_id"], ["id"], ondelete="CASCADE")
        batch.create_check_constraint(op.f("ck_announcement_of_event_or_campaign"), OF_ONE)
        batch.create_check_constraint(op.f("ck_announcement_has_clocks"), CLOCKS)
        batch.create_index(op.f("ix_announcement_campaign_id_id"), ["campaign_id", "id"])
        batch.create_index(op.f("ix_announcement_author_id_id"), ["author_id", "id"])
    op.create_table(
        "broadcast_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_stop")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_broadcast_stop_campaign_id_campaign"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_broadcast_stop_account_id_account"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("campaign_id", "account_id", name=op.f("uq_broadcast_stop_campaign_id_account_id")),
    )
    op.create_index(op.f("ix_broadcast_stop_account_id"), "broadcast_stop", ["account_id"])
    op.create_index(op.f(IN_ORDER), "contact", ["owner_id", "campaign_id", "id"])


def downgrade() -> None:
    op.drop_index(op.f(IN_ORDER), table_name="contact")
    op.drop_table("broadcast_stop")
    op.execute(
        "DELETE FROM announcement_text WHERE announcement_id IN"
        " (SELECT id FROM announcement WHERE kind != 'answers')"
    )
    op.execute("DELETE FROM announcement WHERE kind != 'answers'")
    with op.batch_alter_table("announcement") as batch:
        batch.drop_index(op.f("ix_announcement_author_id_id"))
        batch.drop_index(op.f("ix_announcement_campaign_id_id"))
        batch.drop_constraint(op.f("ck_announcement_has_clocks"), type_="check")
        batch.drop_constraint(op.f("ck_announcement_of_event_or_campaign"), type_="check")
        batch.drop_constraint(op.f("ck_announcement_audiencekind"), type_="check")
        batch.drop_constraint(op.f(CAMPAIGN), type_="foreignkey")
        batch.alter_column("event_id", existing_type=sa.Integer(), nullable=False)
        for column in ("timezone", "tag_sealed", "campaign_id", "kind"):
            batch.drop_column(column)
