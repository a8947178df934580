"""The forms of an answer. Their pages have no session, so they carry no token; see the views."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from coordinator.accounts.rules import LONGEST_EMAIL
from coordinator.events.forms.choices import HELP_WORDS
from coordinator.kit.forms import HouseForm, WholeNumberField
from coordinator.kit.ids import read_public_id
from coordinator.rsvps.rules import (
    LARGEST_PARTY,
    LONGEST_NAME,
    LONGEST_NEEDS,
    LONGEST_NOTE,
    LONGEST_PHONE,
    LONGEST_REQUEST_ID,
    RsvpChange,
    RsvpDetails,
    RsvpStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wtforms import Field


STATUS_WORDS = [
    (RsvpStatus.ACCEPTED.value, _("I'm coming")),
    (RsvpStatus.TENTATIVE.value, _("Maybe")),
]


def tidy(text: str | None) -> str:
    """Return one line of text as it is kept: NFC, no control characters, no spaces at its ends."""
    normal = unicodedata.normalize("NFC", text or "")
    return "".join(sign for sign in normal if sign.isprintable()).strip()


def tidy_lines(text: str | None) -> str:
    """Return text of several lines as it is kept."""
    return "\n".join(tidy(line.replace("\t", " ")) for line in (text or "").splitlines()).strip()


class _AnswerForm(HouseForm):
    """What a first answer and a change of it have in common."""

    class Meta:
        csrf = False  # no session to hold a token; the view refuses forms from other sites instead

    status = RadioField(
        _("Your answer"),
        choices=[SelectChoice(*words) for words in STATUS_WORDS],
        default="accepted",
        validators=[InputRequired()],
    )
    party_size = WholeNumberField(
        _("How many people, with you?"),
        default=1,
        validators=[
            InputRequired(_("Say how many of you are coming.")),
            NumberRange(1, LARGEST_PARTY, _("One answer is for 1 to %(most)s people.", most=LARGEST_PARTY)),
        ],
        render_kw={"min": 1, "max": LARGEST_PARTY, "inputmode": "numeric"},
    )
    name = StringField(
        _("First name or nickname"),
        filters=[tidy],
        validators=[Length(max=LONGEST_NAME)],
        render_kw={"autocomplete": "given-name", "maxlength": LONGEST_NAME},
    )
    phone = TelField(
        _("Phone or Signal"),
        description=_("Kept only if you tick the box below."),
        filters=[tidy],
        validators=[Length(max=LONGEST_PHONE)],
        render_kw={"autocomplete": "tel", "maxlength": LONGEST_PHONE},
    )
    note = TextAreaField(
        _("A note to the organiser"),
        filters=[tidy_lines],
        validators=[Length(max=LONGEST_NOTE)],
        render_kw={"rows": 2, "maxlength": LONGEST_NOTE},
    )
    needs = StringField(
        _("What somebody of you needs"),
        description=_("A seat, a way without steps, sign language. The organiser sees it."),
        filters=[tidy],
        validators=[Length(max=LONGEST_NEEDS)],
        render_kw={"autocomplete": "off", "maxlength": LONGEST_NEEDS},
    )
    help = SelectMultipleField(
        _("I can help as"),
        choices=[SelectChoice(code, words) for code, words in HELP_WORDS.items()],
        validate_choice=False,  # what is shown and what is taken are not the same: see `offer_help`
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    consent_updates = BooleanField(
        _("Send me other news about this protest, too"),
        description=_(
            "What the organiser announces to everybody who comes. Sent by this site; your address stays here."
        ),
    )
    consent_contact = BooleanField(
        _("The organiser may contact me directly"),
        description=_(
            "They then see your name, e-mail address and phone. You can withdraw this at any time."
        ),
    )

    def offer_help(self, choices: Iterable[tuple[str, str]]) -> None:
        """Show what an event asks for.

        What is taken is decided under the event's lock, where codes that it does not know are dropped:
        whoever opened the page before the organiser changed the list loses nothing else.
        """
        self.help.choices = [SelectChoice(*choice) for choice in choices]

    def validate_help(self, field: Field) -> None:
        """Refuse what is no role's code."""
        if not all(code in HELP_WORDS or read_public_id(code) == code for code in field.data or ()):
            raise ValidationError(_("Not a valid choice."))

    def _said(self) -> dict[str, Any]:
        return {
            "status": RsvpStatus(self.status.data),
            "party_size": self.party_size.data,
            "name": self.name.data or "",
            "phone": self.phone.data or "",
            "note": self.note.data or "",
            "needs": self.needs.data or "",
            "help": tuple(dict.fromkeys(self.help.data or ())),  # each once
            "is_updates_agreed": "consent_updates" in self and bool(self.consent_updates.data),
            "is_contact_agreed": self.consent_contact.data,
        }


class RsvpForm(_AnswerForm):
    """A first answer. Nothing is required but how many."""

    email = EmailField(
        _("E-mail"),
        description=_(
            "We send a link to confirm and to change your answer, and write if the time or place changes."
        ),
        filters=[tidy],
        validators=[Optional(), Length(max=LONGEST_EMAIL), Email(_("This is not an e-mail address."))],
        render_kw={"autocomplete": "email", "inputmode": "email", "maxlength": LONGEST_EMAIL},
    )
    request_id = HiddenField(
        filters=[tidy], validators=[Length(max=LONGEST_REQUEST_ID)], render_kw={"data-request-id": ""}
    )
    subject = StringField(_("Leave this empty"), render_kw={"autocomplete": "off", "tabindex": "-1"})
    """A trap: people don't see it, and machines that fill in everything do."""

    def validate_consent_updates(self, field: Field) -> None:
        """Refuse to promise news to nobody."""
        if field.data and not self.email.data:
            raise ValidationError(_("We need your e-mail address for that."))

    def validate_consent_contact(self, field: Field) -> None:
        """Refuse to promise a call to nobody."""
        if field.data and not (self.email.data or self.phone.data):
            raise ValidationError(_("The organiser needs an e-mail address or a phone number for that."))

    @property
    def is_more_open(self) -> bool:
        """Tell whether the optional part has something in it that has to be seen."""
        mine = (
            self.name,
            self.email,
            self.phone,
            self.note,
            self.needs,
            self.help,
            self.consent_updates,
            self.consent_contact,
        )
        return any(field.errors or field.data for field in mine)

    def details(self, locale: str) -> RsvpDetails:
        """Return what was said, as the rules want it. Call it on a valid form."""
        return RsvpDetails(
            **self._said(), email=self.email.data or "", request_id=self.request_id.data or "", locale=locale
        )


class ChangeForm(_AnswerForm):
    """The same answer, some time later."""

    def __init__(self, *, has_email: bool, **values: Any) -> None:
        """Show what was answered; without an address there is no news to agree to."""
        super().__init__(**values)
        self.has_email = has_email
        if not has_email:
            del self.consent_updates

    def validate_consent_contact(self, field: Field) -> None:
        """Refuse to promise a call to nobody."""
        if field.data and not (self.has_email or self.phone.data):
            raise ValidationError(_("The organiser needs a phone number for that."))

    def change(self, locale: str) -> RsvpChange:
        """Return what was said, as the rules want it. Call it on a valid form."""
        return RsvpChange(**self._said(), locale=locale)


class LostLinkForm(HouseForm):
    """An address whose owner has lost the link to their answer."""

    class Meta(_AnswerForm.Meta):
        """As for the answers: no session to hold a token."""

    email = EmailField(
        _("E-mail"),
        filters=[tidy],
        validators=[
            InputRequired(_("Type the address with which you answered.")),
            Length(max=LONGEST_EMAIL),
            Email(_("This is not an e-mail address.")),
        ],
        render_kw={"autocomplete": "email", "inputmode": "email", "maxlength": LONGEST_EMAIL},
    )
