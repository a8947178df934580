"""The organiser's own words about a contact."""

from __future__ import annotations

import unicodedata

from flask_babel import lazy_gettext as _
from wtforms import StringField, TextAreaField, ValidationError
from wtforms.validators import Length

from coordinator.contacts.rules import LONGEST_NOTE, LONGEST_TAG, MOST_TAGS, TooManyTagsError, clean_tags
from coordinator.kit.forms import HouseForm


def _tidy(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "").replace("\0", "").strip()


class ContactForm(HouseForm):
    """Tags and a note; what the person said of themselves is theirs to change."""

    tags = StringField(
        _("Tags"),
        description=_("Your own words, separated by commas: marshal, press, drives a van."),
        filters=[_tidy],
        validators=[Length(max=(LONGEST_TAG + 2) * MOST_TAGS)],
    )
    note = TextAreaField(
        _("Note"),
        description=_("Only you see it."),
        filters=[_tidy],
        validators=[Length(max=LONGEST_NOTE)],
        render_kw={"rows": 4},
    )

    def validate_tags(self, field: StringField) -> None:
        """Say it here when there are too many."""
        try:
            clean_tags((field.data or "").split(","))
        except TooManyTagsError as many:
            raise ValidationError(_("At most %(most)s tags.", most=MOST_TAGS)) from many

    def tag_list(self) -> list[str]:
        """Return the tags as they are kept. Call it on a valid form."""
        return clean_tags((self.tags.data or "").split(","))
