"""Static files: kept for a year where their address carries their content, compressed once."""

from __future__ import annotations

import os
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flask import Flask, request

if TYPE_CHECKING:
    from flask import Response

A_YEAR = 31_536_000  # seconds


class House(Flask):
    """Flask, with one more opinion about static files."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Keep for a year what `asset` named by its content, and ask again for everything else.

        A module that another module imports has no hash in its address: kept for a year, it would be
        an old one beside a new page.
        """
        return A_YEAR if "v" in request.args else super().get_send_file_max_age(filename)

    def send_static_file(self, filename: str) -> Response:
        """Send the gzip that the assets' build put beside a file, to those who can read it."""
        packed = f"{filename}.gz"
        folder = Path(cast("str", self.static_folder))
        # os.path says no where pathlib raises: for a name that is longer than any file's
        is_packed = os.path.isfile(folder / packed)  # noqa: PTH113
        if not request.accept_encodings.quality("gzip") or not is_packed:
            return super().send_static_file(filename)
        response = super().send_static_file(packed)
        response.mimetype = guess_type(filename)[0] or "application/octet-stream"
        response.content_encoding = "gzip"
        response.vary.add("Accept-Encoding")
        return response
