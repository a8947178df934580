"""Create the first tables.

Every time is kept in its final form from here on: instants in UTC, an event's wall time as typed with its
zone and fold beside it. Everything personal is a sealed text, found by a keyed digest.

There is no old code to disturb. A downgrade drops everything, which is what going back to nothing means.
"""

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("email_sealed", sa.Text(), nullable=False),
        sa.Column("email_digest", sa.String(length=64), nullable=False),
        sa.Column("display_name_sealed", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("is_administrator", sa.Boolean(), nullable=False),
        sa.Column("is_coordinator", sa.Boolean(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("verified_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email_digest", name=op.f("uq_account_email_digest")),
        sa.UniqueConstraint("public_id", name=op.f("uq_account_public_id")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry") as batch_op:
        batch_op.create_index(op.f("ix_audit_entry_campaign_id"), ["campaign", "id"], unique=False)
        batch_op.create_index(op.f("ix_audit_entry_subject"), ["subject"], unique=False)

    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("sending_state", sa.String(length=2), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft", "open", "archived", name="campaignstatus", native_enum=False, create_constraint=True
            ),
            nullable=False,
        ),
        sa.Column(
            "review_policy",
            sa.Enum("everything", "trusted", name="reviewpolicy", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column(
            "date_rule",
            sa.Enum("day", "window", "local", name="daterule", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("hashtags", sa.String(length=200), nullable=False),
        sa.Column("petition_url", sa.String(length=500), nullable=False),
        sa.Column("updates_url", sa.String(length=500), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("is_demonstration", sa.Boolean(), nullable=False),
        sa.Column("default_locale", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("date_rule = 'local' OR starts_on IS NOT NULL", name=op.f("ck_campaign_has_date")),
        sa.CheckConstraint(
            "ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_campaign_dates_in_order")
        ),
        sa.CheckConstraint("retention_days BETWEEN 1 AND 365", name=op.f("ck_campaign_retention_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("slug", name=op.f("uq_campaign_slug")),
    )
    op.create_table(
        "geocode_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("question_digest", sa.String(length=64), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_geocode_answer")),
        sa.UniqueConstraint(
            "provider", "question_digest", name=op.f("uq_geocode_answer_provider_question_digest")
        ),
    )
    with op.batch_alter_table("geocode_answer") as batch_op:
        batch_op.create_index(op.f("ix_geocode_answer_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("beat_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("recipient_sealed", sa.Text(), nullable=True),
        sa.Column("recipient_digest", sa.String(length=64), nullable=True),
        sa.Column("context_sealed", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("leased_until", sa.DateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("failed_at", sa.DateTime(), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("key", name=op.f("uq_message_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_message_public_id")),
    )
    with op.batch_alter_table("message") as batch_op:
        batch_op.create_index(op.f("ix_message_about"), ["about"], unique=False)
        batch_op.create_index(
            "ix_message_waiting",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        )

    op.create_table(
        "mission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("sending_state", sa.String(length=2), nullable=False),
        sa.Column("receiving_state", sa.String(length=2), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "embassy",
                "consulate-general",
                "consulate",
                "honorary-consulate",
                "permanent-mission",
                "other",
                name="missionkind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column(
            "precision",
            sa.Enum(
                "exact",
                "building",
                "street",
                "city",
                "country",
                name="precision",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open", "closed", "moved", name="missionstatus", native_enum=False, create_constraint=True
            ),
            nullable=False,
        ),
        sa.Column("status_on", sa.Date(), nullable=True),
        sa.Column("website", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("verified_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_mission_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission")),
        sa.UniqueConstraint("code", name=op.f("uq_mission_code")),
    )
    with op.batch_alter_table("mission") as batch_op:
        batch_op.create_index(
            op.f("ix_mission_sending_state_receiving_state"),
            ["sending_state", "receiving_state"],
            unique=False,
        )

    op.create_table(
        "provider_gate",
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_gate")),
    )
    op.create_table(
        "account_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("verify", "reset", name="tokenpurpose", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("display_name_sealed", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_account_token_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_account_token_digest")),
    )
    with op.batch_alter_table("account_token") as batch_op:
        batch_op.create_index(op.f("ix_account_token_account_id"), ["account_id"], unique=False)

    op.create_table(
        "campaign_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "coordinator", "trusted", name="campaignrolekind", native_enum=False, create_constraint=True
            ),
            nullable=False,
        ),
        sa.Column("email_sealed", sa.Text(), nullable=False),
        sa.Column("email_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_campaign_invitation_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_invitation")),
        sa.UniqueConstraint(
            "campaign_id",
            "email_digest",
            "kind",
            name=op.f("uq_campaign_invitation_campaign_id_email_digest_kind"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_campaign_invitation_public_id")),
    )
    with op.batch_alter_table("campaign_invitation") as batch_op:
        batch_op.create_index(op.f("ix_campaign_invitation_email_digest"), ["email_digest"], unique=False)
        batch_op.create_index(op.f("ix_campaign_invitation_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "campaign_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "coordinator", "trusted", name="campaignrolekind", native_enum=False, create_constraint=True
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_campaign_role_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_campaign_role_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_role")),
        sa.UniqueConstraint(
            "campaign_id", "account_id", "kind", name=op.f("uq_campaign_role_campaign_id_account_id_kind")
        ),
    )
    with op.batch_alter_table("campaign_role") as batch_op:
        batch_op.create_index(op.f("ix_campaign_role_account_id"), ["account_id"], unique=False)

    op.create_table(
        "campaign_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("demands", sa.Text(), nullable=False),
        sa.Column("guidelines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_campaign_text_campaign_id_campaign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_text")),
        sa.UniqueConstraint("campaign_id", "locale", name=op.f("uq_campaign_text_campaign_id_locale")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("organiser_id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "submitted",
                "published",
                "rejected",
                "cancelled",
                name="eventstatus",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("starts_local", sa.DateTime(), nullable=False),
        sa.Column("starts_fold", sa.Integer(), nullable=False),
        sa.Column("ends_local", sa.DateTime(), nullable=True),
        sa.Column("ends_fold", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("starts_at", sa.DateTime(), nullable=False),
        sa.Column("ends_at", sa.DateTime(), nullable=True),
        sa.Column("is_time_known", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column(
            "precision",
            sa.Enum(
                "exact",
                "building",
                "street",
                "city",
                "country",
                name="precision",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("located_by", sa.String(length=40), nullable=False),
        sa.Column("is_location_due", sa.Boolean(), nullable=False),
        sa.Column("how_to_get_there", sa.Text(), nullable=False),
        sa.Column("accessibility", sa.Text(), nullable=False),
        sa.Column("languages", sa.String(length=120), nullable=False),
        sa.Column("public_contact", sa.String(length=200), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("proposed", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("proposed_at", sa.DateTime(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=True),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(), nullable=True),
        sa.Column("cancelled_because", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "status != 'published' OR latitude IS NOT NULL", name=op.f("ck_event_published_is_located")
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_event_point_whole")),
        sa.CheckConstraint(
            "capacity IS NULL OR capacity BETWEEN 1 AND 100000", name=op.f("ck_event_capacity")
        ),
        sa.CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name=op.f("ck_event_times_in_order")),
        sa.CheckConstraint(
            "latitude IS NULL OR latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
            name=op.f("ck_event_point"),
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_event_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["mission_id"], ["mission.id"], name=op.f("fk_event_mission_id_mission")),
        sa.ForeignKeyConstraint(["organiser_id"], ["account.id"], name=op.f("fk_event_organiser_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("public_id", name=op.f("uq_event_public_id")),
    )
    with op.batch_alter_table("event") as batch_op:
        batch_op.create_index(
            op.f("ix_event_campaign_id_status_country_city_starts_at_id"),
            ["campaign_id", "status", "country", "city", "starts_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            op.f("ix_event_campaign_id_status_starts_at"),
            ["campaign_id", "status", "starts_at"],
            unique=False,
        )
        batch_op.create_index(op.f("ix_event_is_location_due"), ["is_location_due"], unique=False)
        batch_op.create_index(
            op.f("ix_event_mission_id_starts_at"), ["mission_id", "starts_at"], unique=False
        )
        batch_op.create_index(
            op.f("ix_event_organiser_id_starts_at"), ["organiser_id", "starts_at"], unique=False
        )

    op.create_table(
        "kept_form",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("fields_sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_kept_form_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
        sa.UniqueConstraint("digest", name=op.f("uq_kept_form_digest")),
    )
    with op.batch_alter_table("kept_form") as batch_op:
        batch_op.create_index(op.f("ix_kept_form_account_id_path"), ["account_id", "path"], unique=False)

    op.create_table(
        "mission_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["mission_id"],
            ["mission.id"],
            name=op.f("fk_mission_name_mission_id_mission"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission_name")),
        sa.UniqueConstraint("mission_id", "locale", name=op.f("uq_mission_name_mission_id_locale")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("name_sealed", sa.Text(), nullable=True),
        sa.Column("email_sealed", sa.Text(), nullable=True),
        sa.Column("email_digest", sa.String(length=64), nullable=True),
        sa.Column("phone_sealed", sa.Text(), nullable=True),
        sa.Column("tags_sealed", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.Text(), nullable=True),
        sa.Column("consent_at", sa.DateTime(), nullable=False),
        sa.Column("consent_wording", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_contact_event_id_event"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["account.id"], name=op.f("fk_contact_owner_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("event_id", "source", name=op.f("uq_contact_event_id_source")),
        sa.UniqueConstraint("public_id", name=op.f("uq_contact_public_id")),
    )
    with op.batch_alter_table("contact") as batch_op:
        batch_op.create_index(op.f("ix_contact_email_digest"), ["email_digest"], unique=False)
        batch_op.create_index(
            op.f("ix_contact_owner_id_event_id_id"), ["owner_id", "event_id", "id"], unique=False
        )

    op.create_table(
        "event_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("changed", "cancelled", name="noticekind", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("last_rsvp_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_notice_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_notice")),
    )
    with op.batch_alter_table("event_notice") as batch_op:
        batch_op.create_index(op.f("ix_event_notice_done_at"), ["done_at"], unique=False)
        batch_op.create_index(op.f("ix_event_notice_event_id"), ["event_id"], unique=False)

    op.create_table(
        "review_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "submitted",
                "asked",
                "published",
                "rejected",
                "change-proposed",
                "change-accepted",
                "change-refused",
                "cancelled",
                "withdrawn",
                name="notekind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("text_sealed", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name=op.f("fk_review_note_author_id_account"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_review_note_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_note")),
    )
    with op.batch_alter_table("review_note") as batch_op:
        batch_op.create_index(op.f("ix_review_note_event_id"), ["event_id"], unique=False)

    op.create_table(
        "rsvp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=10), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "accepted",
                "tentative",
                "declined",
                "waitlisted",
                name="rsvpstatus",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("party_size", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("name_sealed", sa.Text(), nullable=True),
        sa.Column("email_sealed", sa.Text(), nullable=True),
        sa.Column("email_digest", sa.String(length=64), nullable=True),
        sa.Column("phone_sealed", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.Text(), nullable=True),
        sa.Column("help", sa.String(length=100), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("token_sealed", sa.Text(), nullable=True),
        sa.Column("consent_updates_at", sa.DateTime(), nullable=True),
        sa.Column("consent_contact_at", sa.DateTime(), nullable=True),
        sa.Column("consent_wording", sa.String(length=40), nullable=False),
        sa.Column("submitted_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("changed_at", sa.DateTime(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(), nullable=True),
        sa.Column("forgotten_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("party_size BETWEEN 1 AND 10", name=op.f("ck_rsvp_party_size")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_rsvp_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rsvp")),
        sa.UniqueConstraint("event_id", "email_digest", name=op.f("uq_rsvp_event_id_email_digest")),
        sa.UniqueConstraint("public_id", name=op.f("uq_rsvp_public_id")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_rsvp_token_digest")),
    )
    with op.batch_alter_table("rsvp") as batch_op:
        batch_op.create_index(op.f("ix_rsvp_email_digest"), ["email_digest"], unique=False)
        batch_op.create_index(op.f("ix_rsvp_event_id_status_id"), ["event_id", "status", "id"], unique=False)

    op.create_table(
        "rsvp_tally",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("unconfirmed", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("tentative", sa.Integer(), nullable=False),
        sa.Column("waitlisted", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "confirmed >= 0 AND unconfirmed >= 0 AND pending >= 0 AND tentative >= 0 AND waitlisted >= 0",
            name=op.f("ck_rsvp_tally_counts"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_rsvp_tally_event_id_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_rsvp_tally")),
    )


def downgrade() -> None:
    op.drop_table("rsvp_tally")
    with op.batch_alter_table("rsvp") as batch_op:
        batch_op.drop_index(op.f("ix_rsvp_event_id_status_id"))
        batch_op.drop_index(op.f("ix_rsvp_email_digest"))

    op.drop_table("rsvp")
    with op.batch_alter_table("review_note") as batch_op:
        batch_op.drop_index(op.f("ix_review_note_event_id"))

    op.drop_table("review_note")
    with op.batch_alter_table("event_notice") as batch_op:
        batch_op.drop_index(op.f("ix_event_notice_event_id"))
        batch_op.drop_index(op.f("ix_event_notice_done_at"))

    op.drop_table("event_notice")
    with op.batch_alter_table("contact") as batch_op:
        batch_op.drop_index(op.f("ix_contact_owner_id_event_id_id"))
        batch_op.drop_index(op.f("ix_contact_email_digest"))

    op.drop_table("contact")
    op.drop_table("mission_name")
    with op.batch_alter_table("kept_form") as batch_op:
        batch_op.drop_index(op.f("ix_kept_form_account_id_path"))

    op.drop_table("kept_form")
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_index(op.f("ix_event_organiser_id_starts_at"))
        batch_op.drop_index(op.f("ix_event_mission_id_starts_at"))
        batch_op.drop_index(op.f("ix_event_is_location_due"))
        batch_op.drop_index(op.f("ix_event_campaign_id_status_starts_at"))
        batch_op.drop_index(op.f("ix_event_campaign_id_status_country_city_starts_at_id"))

    op.drop_table("event")
    op.drop_table("campaign_text")
    with op.batch_alter_table("campaign_role") as batch_op:
        batch_op.drop_index(op.f("ix_campaign_role_account_id"))

    op.drop_table("campaign_role")
    with op.batch_alter_table("campaign_invitation") as batch_op:
        batch_op.drop_index(op.f("ix_campaign_invitation_expires_at"))
        batch_op.drop_index(op.f("ix_campaign_invitation_email_digest"))

    op.drop_table("campaign_invitation")
    with op.batch_alter_table("account_token") as batch_op:
        batch_op.drop_index(op.f("ix_account_token_account_id"))

    op.drop_table("account_token")
    op.drop_table("provider_gate")
    with op.batch_alter_table("mission") as batch_op:
        batch_op.drop_index(op.f("ix_mission_sending_state_receiving_state"))

    op.drop_table("mission")
    with op.batch_alter_table("message") as batch_op:
        batch_op.drop_index(
            "ix_message_waiting",
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        )
        batch_op.drop_index(op.f("ix_message_about"))

    op.drop_table("message")
    op.drop_table("heartbeat")
    with op.batch_alter_table("geocode_answer") as batch_op:
        batch_op.drop_index(op.f("ix_geocode_answer_expires_at"))

    op.drop_table("geocode_answer")
    op.drop_table("campaign")
    with op.batch_alter_table("audit_entry") as batch_op:
        batch_op.drop_index(op.f("ix_audit_entry_subject"))
        batch_op.drop_index(op.f("ix_audit_entry_campaign_id"))

    op.drop_table("audit_entry")
    op.drop_table("account")
