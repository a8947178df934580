"""Form fields that every room may use."""

from __future__ import annotations

from flask_babel import gettext as _
from wtforms import IntegerField

MOST_DIGITS = 9  # with its sign: what a database's integer holds


class WholeNumberField(IntegerField):
    """A whole number. One with hundreds of digits is no number: WTForms' own range check fails on it."""

    data: int | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read at most as many digits as a database's integer holds."""
        if valuelist and len(valuelist[0].strip()) > MOST_DIGITS:
            self.data = None
            raise ValueError(_("This number is too large."))
        super().process_formdata(valuelist)
