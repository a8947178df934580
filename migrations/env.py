"""How migrations run: on the app's own database, giving up early instead of stopping the site."""

from alembic import context
from flask import current_app
from sqlalchemy import text

from coordinator.kit.db import WRITING, Base, db

LOCK_SECONDS, STATEMENT_SECONDS = 4, 5
LOOSE = "the migration left rows that belong to nothing; nothing was changed"
NAMES = current_app.extensions["migrate"].configure_args


def run() -> None:
    """Bring the schema to where the command asks for, in one transaction."""
    bare = None
    with db.engine.connect().execution_options(**{WRITING: True}) as connection:
        if connection.dialect.name == "postgresql":
            # A migration that waits for a lock makes every page wait behind it.
            connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
            connection.execute(text(f"SET statement_timeout = '{STATEMENT_SECONDS}s'"))
            connection.commit()
        elif connection.dialect.name == "sqlite":
            # To change a CHECK a table is written anew and the old one dropped, which would delete
            # everything that hangs on it. SQLite takes this word only outside a transaction.
            bare = connection.connection.driver_connection
            bare.execute("PRAGMA foreign_keys = OFF")
        context.configure(connection=connection, target_metadata=Base.metadata, **NAMES)
        try:
            with context.begin_transaction():
                context.run_migrations()
                if bare is not None and bare.execute("PRAGMA foreign_key_check").fetchall():
                    raise RuntimeError(LOOSE)
        finally:
            if bare is not None:
                bare.execute("PRAGMA foreign_keys = ON")


run()
