"""Find what changed in a campaign since a moment, so that the map reads that alone.

An index. Old code does not mind it.
"""

from alembic import op


revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NAME = "ix_event_campaign_id_updated_at"


def upgrade() -> None:
    op.create_index(op.f(NAME), "event", ["campaign_id", "updated_at"])


def downgrade() -> None:
    op.drop_index(op.f(NAME), table_name="event")
