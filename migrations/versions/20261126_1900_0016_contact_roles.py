"""Add the roles that a contact takes.

A column that old code neither reads nor writes. An old worker that packs a contact for the search while both
run leaves its roles out of the page: such a contact is found by its role after its next change. A downgrade
loses which roles contacts take; what they offered with their answers stays there.
"""

import sqlalchemy as sa
from alembic import op


revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("contact") as batch:
        batch.add_column(sa.Column("roles_sealed", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("contact") as batch:
        batch.drop_column("roles_sealed")
