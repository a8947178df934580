"""Bind contacts to a campaign, keep consents apart by purpose, and who is never to be written to.

Not safe while the old code writes: it knows no campaign of a contact, so an answer that agrees to be contacted
fails with it until the new code runs; whoever sends it is told, and sends it again. Reading fails on the contacts'
pages only. The digests of addresses are made anew by the first import, because only the keys can make them: nothing
has looked for them until now.

On downgrade contacts without a protest go, because the old code has no place for them, with whoever agreed to
nothing; so do consents to news and the list of those never to be written to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PURPOSES = ("contact", "news")


def upgrade() -> None:
    op.create_table(
        "contact_consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(*PURPOSES, name="purpose", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.Column("wording", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_contact_consent_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_consent")),
        sa.UniqueConstraint("contact_id", "purpose", name=op.f("uq_contact_consent_contact_id_purpose")),
    )
    op.create_table(
        "suppression",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("email_digest", sa.String(length=64), nullable=False),
        sa.Column("because", sa.String(length=20), nullable=False),
        sa.Column("suppressed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_suppression_owner_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint("owner_id", "email_digest", name=op.f("uq_suppression_owner_id_email_digest")),
    )
    with op.batch_alter_table("contact") as contact:
        contact.add_column(sa.Column("campaign_id", sa.Integer(), nullable=True))
        contact.add_column(sa.Column("changed_at", sa.DateTime(), nullable=True))
        contact.drop_index(op.f("ix_contact_email_digest"))
    op.execute(
        "UPDATE contact SET email_digest = NULL,"
        " campaign_id = (SELECT campaign_id FROM event WHERE event.id = contact.event_id)"
    )
    op.execute(
        "INSERT INTO contact_consent (contact_id, purpose, given_at, wording, source)"
        " SELECT id, 'contact', consent_at, consent_wording, source FROM contact"
    )
    with op.batch_alter_table("contact") as contact:
        contact.alter_column("campaign_id", existing_type=sa.Integer(), nullable=False)
        contact.alter_column("event_id", existing_type=sa.Integer(), nullable=True)
        contact.drop_column("consent_at")
        contact.drop_column("consent_wording")
        contact.create_foreign_key(
            op.f("fk_contact_campaign_id_campaign"), "campaign", ["campaign_id"], ["id"], ondelete="CASCADE"
        )
        contact.create_index(op.f("ix_contact_owner_id_email_digest"), ["owner_id", "email_digest"])
        contact.create_index(op.f("ix_contact_campaign_id_event_id"), ["campaign_id", "event_id"])


def downgrade() -> None:
    with op.batch_alter_table("contact") as contact:
        contact.add_column(sa.Column("consent_at", sa.DateTime(), nullable=True))
        contact.add_column(sa.Column("consent_wording", sa.String(length=40), nullable=True))
        contact.drop_index(op.f("ix_contact_campaign_id_event_id"))
        contact.drop_index(op.f("ix_contact_owner_id_email_digest"))
        contact.drop_constraint(op.f("fk_contact_campaign_id_campaign"), type_="foreignkey")
        contact.drop_column("campaign_id")
        contact.drop_column("changed_at")
    for column, old in (("given_at", "consent_at"), ("wording", "consent_wording")):
        op.execute(
            f"UPDATE contact SET {old} = (SELECT {column} FROM contact_consent"  # noqa: S608 ours
            " WHERE contact_id = contact.id AND purpose = 'contact' AND withdrawn_at IS NULL)"
        )
    op.execute("DELETE FROM contact_consent")
    op.execute("DELETE FROM contact WHERE event_id IS NULL OR consent_at IS NULL")
    with op.batch_alter_table("contact") as contact:
        contact.alter_column("event_id", existing_type=sa.Integer(), nullable=False)
        contact.alter_column("consent_at", existing_type=sa.DateTime(), nullable=False)
        contact.alter_column("consent_wording", existing_type=sa.String(length=40), nullable=False)
        contact.create_index(op.f("ix_contact_email_digest"), ["email_digest"])
    op.drop_table("suppression")
    op.drop_table("contact_consent")
