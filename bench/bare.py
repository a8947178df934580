"""The floor under every form: bare Flask views that commit one row to the database that the site uses.

One takes the driver itself, the other what most people write with Flask: Flask-SQLAlchemy, one object, one
commit. Both have one connection for each thread and, on SQLite, the site's own durability.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

URL = os.environ["BARE_DATABASE"]
IS_POSTGRES = URL.startswith("postgres")
HERE = threading.local()
ONE_WRITER = threading.Lock()  # without it SQLite lets threads sleep: three times slower, and p99 of a second

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = (
    URL.replace("postgresql:", "postgresql+psycopg:") if IS_POSTGRES else f"sqlite:///{URL}"
)


class Base(DeclarativeBase):
    """Of the one table."""


db = SQLAlchemy(app, model_class=Base)


class BareRow(Base):
    """What is kept."""

    __tablename__ = "bare_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    said: Mapped[str]


@event.listens_for(Engine, "connect")
def keep_what_was_acknowledged(connection: Any, _: object) -> None:
    """Survive a power cut, as the site does."""
    if not IS_POSTGRES:
        connection.execute("PRAGMA synchronous = FULL")


def turn() -> AbstractContextManager[object]:
    """Let one thread write at a time where the database would let the others sleep."""
    return nullcontext() if IS_POSTGRES else ONE_WRITER


def connection() -> sqlite3.Connection | psycopg.Connection:
    """Return this thread's connection, made when it is first needed."""
    if not hasattr(HERE, "connection"):
        if IS_POSTGRES:
            HERE.connection = psycopg.connect(URL, autocommit=False)
            HERE.insert = "INSERT INTO bare_row (said) VALUES (%s)"
        else:
            HERE.connection = sqlite3.connect(URL, timeout=5)
            HERE.connection.execute("PRAGMA synchronous = FULL")
            HERE.insert = "INSERT INTO bare_row (said) VALUES (?)"
    found: sqlite3.Connection | psycopg.Connection = HERE.connection
    return found


@app.post("/mapped")
def take_mapped() -> tuple[str, int]:
    """Keep one row, as an object."""
    with turn():
        db.session.add(BareRow(said="a row"))
        db.session.commit()
    return "", 303


@app.post("/")
def take() -> tuple[str, int]:
    """Keep one row."""
    database = connection()
    with turn():
        database.execute(HERE.insert, ("a row",))
        database.commit()
    return "", 303
