"""The floor under every form: a bare Flask view that commits one row to the database that the site uses.

The driver itself, no object mapper, one connection for each thread; on SQLite with the site's own durability.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import nullcontext

import psycopg
from flask import Flask

app = Flask(__name__)
URL = os.environ["BARE_DATABASE"]
HERE = threading.local()
ONE_WRITER = threading.Lock()  # without it SQLite lets threads sleep: three times slower, and p99 of a second


def connection() -> sqlite3.Connection | psycopg.Connection:
    """Return this thread's connection, made when it is first needed."""
    if not hasattr(HERE, "connection"):
        if URL.startswith("postgres"):
            HERE.connection = psycopg.connect(URL, autocommit=False)
            HERE.insert = "INSERT INTO bare_row (said) VALUES (%s)"
        else:
            HERE.connection = sqlite3.connect(URL, timeout=5)
            HERE.connection.execute("PRAGMA synchronous = FULL")
            HERE.insert = "INSERT INTO bare_row (said) VALUES (?)"
    found: sqlite3.Connection | psycopg.Connection = HERE.connection
    return found


@app.post("/")
@app.post("/<path:_>")
def take(_: str = "") -> tuple[str, int]:
    """Keep one row."""
    database = connection()
    with nullcontext() if URL.startswith("postgres") else ONE_WRITER:
        database.execute(HERE.insert, ("a row",))
        database.commit()
    return "", 303
