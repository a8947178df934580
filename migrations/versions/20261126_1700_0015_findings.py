"""Keep what other sources say of missions, beside the directory, until somebody has looked at it.

A new table. A downgrade loses decisions about findings; the directory itself stays.
"""

import sqlalchemy as sa
from alembic import op


revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=max(map(len, values)))


def upgrade() -> None:
    op.create_table(
        "mission_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", one_of("sourcename", "wikidata", "osm"), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("mission_id", sa.Integer(), nullable=True),
        sa.Column("decision", one_of("decision", "waiting", "same", "not-ours"), nullable=False),
        sa.Column("sending_state", sa.String(2), nullable=False),
        sa.Column("receiving_state", sa.String(2), nullable=False),
        sa.Column(
            "kind",
            one_of(
                "missionkind", "embassy", "consulate-general", "consulate", "honorary-consulate",
                "permanent-mission", "other",
            ),
            nullable=False,
        ),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("cities", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column(
            "precision", one_of("precision", "exact", "building", "street", "city", "country"), nullable=True
        ),
        sa.Column("website", sa.String(300), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("same_as", sa.String(40), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.Column("settled", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission_finding")),
        sa.ForeignKeyConstraint(
            ["mission_id"], ["mission.id"], name=op.f("fk_mission_finding_mission_id_mission"), ondelete="SET NULL"
        ),
        sa.UniqueConstraint("source", "key", name=op.f("uq_mission_finding_source_key")),
    )
    op.create_index(op.f("ix_mission_finding_mission_id"), "mission_finding", ["mission_id"])
    op.create_index(op.f("ix_mission_finding_sending_state"), "mission_finding", ["sending_state"])


def downgrade() -> None:
    op.drop_table("mission_finding")
