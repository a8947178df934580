"""The organiser's own words about a contact."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from flask_babel import gettext, lazy_gettext as _
from wtforms import (
    DateField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from coordinator.contacts.roles import MOST_ROLES, TooManyRolesError, clean_roles
from coordinator.contacts.rules import (
    LONGEST_EMAIL,
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_PHONE,
    LONGEST_TAG,
    MOST_TAGS,
    Draft,
    Purpose,
    TooManyTagsError,
    clean_tags,
    is_address,
    is_day_of_consent,
)
from coordinator.events.forms.choices import HELP_WORDS
from coordinator.events.helping import LONGEST_ROLE
from coordinator.kit.clock import now
from coordinator.kit.forms import HouseForm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _tidy(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "").replace("\0", "").strip()


class ContactForm(HouseForm):
    """Roles, tags and a note; what the person said of themselves is theirs to change."""

    roles = SelectMultipleField(
        _("Roles they take"),
        description=_("What they offer with an answer comes here by itself."),
        choices=[SelectChoice(code, words) for code, words in HELP_WORDS.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[Optional()],
    )
    own_roles = StringField(
        _("Other roles"),
        description=_("In your own words, separated by commas: sound, drives a van."),
        filters=[_tidy],
        validators=[Length(max=(LONGEST_ROLE + 2) * MOST_ROLES)],
    )

    tags = StringField(
        _("Tags"),
        description=_("Your own words, separated by commas: press, neighbour, from Riga."),
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

    def validate_own_roles(self, _field: StringField) -> None:
        """Say it here when there are too many."""
        try:
            self.role_list()
        except TooManyRolesError as many:
            raise ValidationError(_("At most %(most)s roles.", most=MOST_ROLES)) from many

    def role_list(self) -> list[str]:
        """Return the roles as they are kept. Call it on a valid form."""
        return clean_roles([*(self.roles.data or ()), *(self.own_roles.data or "").split(",")])

    def tag_list(self) -> list[str]:
        """Return the tags as they are kept. Call it on a valid form."""
        return clean_tags((self.tags.data or "").split(","))


class NewContactForm(ContactForm):
    """Somebody whom the organiser met."""

    name = StringField(_("Name"), filters=[_tidy], validators=[Length(max=LONGEST_NAME)])
    email = StringField(
        _("E-mail"),
        filters=[_tidy],
        validators=[Length(max=LONGEST_EMAIL)],
        render_kw={"type": "email", "autocomplete": "off"},
    )
    phone = StringField(
        _("Phone or Signal"),
        filters=[_tidy],
        validators=[Length(max=LONGEST_PHONE)],
        render_kw={"autocomplete": "off"},
    )
    campaign = SelectField(
        _("Kept for"), description=_("When the campaign's time is over, they are deleted."), choices=[]
    )
    purposes = SelectMultipleField(
        _("They agreed to"),
        description=_("Without consent they are kept, and never written to."),
        choices=[
            SelectChoice(Purpose.CONTACT.value, _("be contacted by me")),
            SelectChoice(Purpose.NEWS.value, _("be sent news")),
        ],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[Optional()],
    )
    agreed_on = DateField(_("Day on which they agreed"), validators=[Optional()])

    def validate_email(self, field: StringField) -> None:
        """Take an address or nothing."""
        if field.data and not is_address(field.data):
            raise ValidationError(_("This is no e-mail address."))

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Want a way to reach them, and the day of a consent."""
        is_right: bool = super().validate(extra_validators)
        if not self.email.data and not self.phone.data and not self.email.errors:
            self.email.errors = [gettext("Give an address or a number: otherwise nobody can reach them.")]
            is_right = False
        if self.purposes.data and not is_day_of_consent(self.agreed_on.data, today=now().date()):
            self.agreed_on.errors = [
                *self.agreed_on.errors, gettext("Say on which day. It can't be to come.")
            ]  # fmt: skip
            is_right = False
        return is_right

    def draft(self) -> Draft:
        """Return what was said about them. Call it on a valid form."""
        return Draft(
            name=self.name.data or "",
            email=self.email.data or "",
            phone=self.phone.data or "",
            tags=tuple(self.tag_list()),
            roles=tuple(self.role_list()),
            note=self.note.data or "",
        )

    def agreement(self) -> tuple[list[Purpose], datetime] | None:
        """Return to what they agreed, and when."""
        if not self.purposes.data or self.agreed_on.data is None:
            return None
        return [Purpose(code) for code in self.purposes.data], datetime.combine(
            self.agreed_on.data, time(12), UTC
        )
