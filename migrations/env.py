"""How migrations run: on the app's own database, giving up early instead of stopping the site."""

from alembic import context
from flask import current_app
from sqlalchemy import text

from coordinator.kit.db import WRITING, Base, db

LOCK_SECONDS, STATEMENT_SECONDS = 4, 5
NAMES = current_app.extensions["migrate"].configure_args


def run() -> None:
    """Bring the schema to where the command asks for, in one transaction."""
    with db.engine.connect().execution_options(**{WRITING: True}) as connection:
        if connection.dialect.name == "postgresql":
            # A migration that waits for a lock makes every page wait behind it.
            connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(text(f"SET statement_timeout = '{STATEMENT_SECONDS}s'"))
            connection.commit()
        context.configure(connection=connection, target_metadata=Base.metadata, **NAMES)
        with context.begin_transaction():
            context.run_migrations()


run()
