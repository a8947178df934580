"""Fields that forms of events need, and how what was typed is kept."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from wtforms import SelectMultipleField, StringField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, DateTimeLocalInput, ListWidget

if TYPE_CHECKING:
    from coordinator.kit.forms import HouseForm


WALL_FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")


def tidy(text: str | None) -> str:
    """Return text as it is kept: NFC, trimmed, with one kind of line end and no control characters."""
    plain = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in plain if letter in "\n\t" or ord(letter) >= ord(" ")).strip()


def one_line(text: str | None) -> str:
    """Return text on one line."""
    return " ".join(tidy(text).split())


class WallTimeField(StringField):
    """A date and a time as a clock at the place shows them. Whatever was typed is shown again."""

    widget = DateTimeLocalInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Have no value yet."""
        super().__init__(*args, **kwargs)
        self.wall_time: datetime | None = None

    def pre_validate(self, form: HouseForm) -> None:  # noqa: ARG002 the signature is WTForms'
        """Read it in any of the spellings that browsers send."""
        self.wall_time = None
        text = (self.data or "").strip()
        if not text:
            return
        for spelling in WALL_FORMATS:
            try:
                self.wall_time = datetime.strptime(text, spelling).replace(second=0)  # noqa: DTZ007 naive on purpose
            except ValueError:
                continue
            return
        raise ValidationError(_("Give a date and a time, as in 2030-09-16 18:00."))


class CoordinateField(StringField):
    """Degrees, with a point or a comma."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Have no value yet."""
        super().__init__(*args, **kwargs)
        self.degrees: float | None = None

    def pre_validate(self, form: HouseForm) -> None:  # noqa: ARG002 the signature is WTForms'
        """Read the number."""
        self.degrees = None
        text = (self.data or "").strip().replace(",", ".")
        if not text:
            return
        try:
            self.degrees = float(text)
        except ValueError:
            raise ValidationError(_("Give degrees as a number, as in 52.5163.")) from None


class TicksField(SelectMultipleField):
    """Several boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
