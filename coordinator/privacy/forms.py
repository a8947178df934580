"""Whose data it is about, and whether they mean it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import EmailField, PasswordField
from wtforms.validators import Email, InputRequired, Length

from coordinator.accounts.rules import LONGEST_EMAIL, LONGEST_PASSWORD
from coordinator.kit.forms import HouseForm


class MyDataForm(HouseForm):
    """Whose data is asked for."""

    class Meta(HouseForm.Meta):
        """There is no session to hold a token; the view refuses forms of other sites instead."""

        csrf = False

    email = EmailField(
        _("E-mail"),
        filters=[lambda text: (text or "").strip()],
        validators=[
            InputRequired(_("Type your address.")),
            Length(max=LONGEST_EMAIL),
            Email(_("This is not an e-mail address.")),
        ],
        render_kw={"autocomplete": "email", "inputmode": "email", "maxlength": LONGEST_EMAIL},
    )


class LeaveForm(HouseForm):
    """Somebody wants their account erased, and shows that it is theirs."""

    password = PasswordField(
        _("Your password"),
        validators=[
            InputRequired(_("Please type your password.")),
            Length(max=LONGEST_PASSWORD, message=_("This is longer than any password here.")),
        ],
        render_kw={"autocomplete": "current-password"},
    )
