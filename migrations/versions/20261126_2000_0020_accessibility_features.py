"""Let organisers tick how accessible an event is, so that people can look for it.

A new column with a default, which old code neither reads nor needs to write. What was written about
accessibility stays where it is and nothing is guessed from it: nobody must set out for a ramp that a program
thought it had read. A downgrade loses what was ticked.
"""

import sqlalchemy as sa
from alembic import op


revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME = "accessibility_features"


def upgrade() -> None:
    op.add_column("event", sa.Column(NAME, sa.String(length=120), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("event") as event:
        event.drop_column(NAME)
