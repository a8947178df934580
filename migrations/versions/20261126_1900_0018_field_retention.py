"""Let a campaign say which fields of answers go before the rest.

A new column with a default that changes nothing: what existing campaigns promised holds. A downgrade loses
what was said sooner; everything still goes when the retention time is over.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB


revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("campaign", sa.Column("field_days", kind, server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("campaign") as campaign:
        campaign.drop_column("field_days")
