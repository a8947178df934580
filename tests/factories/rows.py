"""What all factories have in common: rows are flushed into the test's own transaction, never committed."""

from __future__ import annotations

import factory

from coordinator.kit.db import db


class RowFactory(factory.alchemy.SQLAlchemyModelFactory):
    """Makes a row in the session of the test."""

    class Meta:
        abstract = True
        sqlalchemy_session_factory = db.session
        sqlalchemy_session_persistence = "flush"
