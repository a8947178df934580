"""What people type about themselves."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flask_babel import get_locale, lazy_gettext as _
from wtforms import (
    EmailField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length

from coordinator.accounts.rules import (
    LONGEST_EMAIL,
    LONGEST_NAME,
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    PasswordFault,
    password_fault,
)
from coordinator.accounts.service import SignUpDetails
from coordinator.kit.forms import HouseForm
from coordinator.kit.i18n import LANGUAGES, native_name

if TYPE_CHECKING:
    from collections.abc import Mapping

FAULTS: Mapping[PasswordFault, Any] = MappingProxyType(
    {
        PasswordFault.TOO_SHORT: _("Please use at least %(count)s characters.", count=SHORTEST_PASSWORD),
        PasswordFault.TOO_LONG: _("Please use at most %(count)s characters.", count=LONGEST_PASSWORD),
        PasswordFault.IS_ADDRESS: _("Please choose something other than your e-mail address."),
        PasswordFault.TRIVIAL: _(
            "This is one of the first that anybody would guess. Three or four unrelated words are better."
        ),
    }
)


def trimmed(text: str | None) -> str | None:
    """Drop the spaces around what was typed."""
    return text.strip() if text else text


def _email_field() -> EmailField:
    return EmailField(
        _("E-mail address"),
        filters=[trimmed],
        validators=[
            InputRequired(_("Please type your e-mail address.")),
            Length(max=LONGEST_EMAIL, message=_("This address is too long.")),
            Email(_("This does not look like an e-mail address."), allow_smtputf8=False),
        ],
        render_kw={"autocomplete": "email", "maxlength": LONGEST_EMAIL},
    )


def _name_field() -> StringField:
    return StringField(
        _("Name"),
        description=_("Coordinators see it beside your protests. A first name or a pseudonym is fine."),
        filters=[trimmed],
        validators=[
            DataRequired(_("Please type a name.")),
            Length(max=LONGEST_NAME, message=_("This name is too long.")),
        ],
        render_kw={"autocomplete": "nickname", "maxlength": LONGEST_NAME},
    )


def _new_password_field(label: Any) -> PasswordField:
    return PasswordField(
        label,
        description=_(
            "At least %(count)s characters. Three or four unrelated words are easy to keep.",
            count=SHORTEST_PASSWORD,
        ),
        validators=[InputRequired(_("Please choose a password."))],
        render_kw={"autocomplete": "new-password"},
    )


class SignUpForm(HouseForm):
    """Somebody wants an account."""

    email = _email_field()
    display_name = _name_field()
    password = _new_password_field(_("Password"))

    def validate_password(self, field: PasswordField) -> None:
        """Refuse what is guessed first."""
        _refuse_faulty(field, self.email.data or "")

    def details(self, *, next_path: str | None) -> SignUpDetails:
        """Return what was said. Call it on a valid form."""
        return SignUpDetails(
            email=self.email.data or "",
            display_name=self.display_name.data or "",
            password=self.password.data or "",
            locale=str(get_locale()),
            next=next_path,
        )


class SignInForm(HouseForm):
    """Somebody comes back."""

    email = _email_field()
    password = PasswordField(
        _("Password"),
        validators=[
            InputRequired(_("Please type your password.")),
            Length(max=LONGEST_PASSWORD, message=_("This is longer than any password here.")),
        ],
        render_kw={"autocomplete": "current-password"},
    )


class ResetForm(HouseForm):
    """Somebody lost their password."""

    email = _email_field()


class NewPasswordForm(HouseForm):
    """A new password, by a link from a mail."""

    password = _new_password_field(_("New password"))

    def validate_password(self, field: PasswordField) -> None:
        """Refuse what is guessed first."""
        _refuse_faulty(field)


class ChangePasswordForm(HouseForm):
    """A new password, by somebody who knows the old one."""

    old_password = PasswordField(
        _("Present password"),
        validators=[
            InputRequired(_("Please type your password.")),
            Length(max=LONGEST_PASSWORD, message=_("This is longer than any password here.")),
        ],
        render_kw={"autocomplete": "current-password"},
    )
    password = _new_password_field(_("New password"))

    def validate_password(self, field: PasswordField) -> None:
        """Refuse what is guessed first."""
        _refuse_faulty(field)


class ProfileForm(HouseForm):
    """How somebody is called and written to."""

    display_name = _name_field()
    locale = SelectField(
        _("Language of our mail to you"),
        choices=[SelectChoice(code, native_name(code)) for code in LANGUAGES],
    )


class VerifyForm(HouseForm):
    """The link from the mail was opened in a browser that did not sign up."""

    password = PasswordField(
        _("The password that you chose"),
        description=_(
            "It shows that it was you who asked for the account, and nobody else with your address."
        ),
        validators=[
            InputRequired(_("Please type your password.")),
            Length(max=LONGEST_PASSWORD, message=_("This is longer than any password here.")),
        ],
        render_kw={"autocomplete": "current-password"},
    )


class EmptyForm(HouseForm):
    """A button, and the proof that it was pressed on our page."""


def _refuse_faulty(field: PasswordField, email: str = "") -> None:
    fault = password_fault(field.data or "", email)
    if fault is not None:
        raise ValidationError(FAULTS[fault])
