"""Add the roles that a contact takes, and what importing a long sheet would do, as the worker finds it.

Columns that may be empty and that old code neither reads nor writes. An old worker that packs a contact for the search while both
run leaves its roles out of the page: such a contact is found by its role after its next change. A downgrade
loses which roles contacts take; what they offered with their answers stays there. Sheets that wait to be imported are looked at again.
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
    with op.batch_alter_table("contact_import") as batch:
        batch.add_column(sa.Column("check_asked_at", sa.DateTime(), nullable=True))
        batch.add_column(sa.Column("rows_checked", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("outlook_sealed", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("contact_import") as batch:
        batch.drop_column("outlook_sealed")
        batch.drop_column("rows_checked")
        batch.drop_column("check_asked_at")
    with op.batch_alter_table("contact") as batch:
        batch.drop_column("roles_sealed")
