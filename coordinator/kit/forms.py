"""What all forms share: the reader's language, without reading its file each time, and fields of our own."""

from __future__ import annotations

from functools import lru_cache
from gettext import NullTranslations
from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.i18n import get_builtin_gnu_translations

from coordinator.kit.i18n import current_language

if TYPE_CHECKING:
    from wtforms import Form

MOST_DIGITS = 9  # with its sign: what a database's integer holds


class HouseForm(FlaskForm):
    """A form whose built-in errors speak the page's language.

    Flask-WTF would read WTForms' catalogue from the disk for every request that shows a form.
    """

    class Meta(FlaskForm.Meta):
        """WTForms' own settings."""

        def get_translations(self, form: Form) -> NullTranslations:  # noqa: ARG002 the signature is WTForms'
            """Return WTForms' own words in the page's language."""
            return _words(current_language())


@lru_cache
def _words(language: str) -> NullTranslations:
    try:
        words: NullTranslations = get_builtin_gnu_translations([language])
    except FileNotFoundError:  # WTForms does not speak it: its English is better than nothing
        return NullTranslations()
    return words


class WholeNumberField(IntegerField):
    """A whole number. One with hundreds of digits is no number: WTForms' own range check fails on it."""

    data: int | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read at most as many digits as a database's integer holds."""
        if valuelist and len(valuelist[0].strip()) > MOST_DIGITS:
            self.data = None
            raise ValueError(_("This number is too large."))
        super().process_formdata(valuelist)
