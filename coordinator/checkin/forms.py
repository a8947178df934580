"""The form with which an organiser makes a way in for helpers."""

from __future__ import annotations

from flask_babel import lazy_gettext as _, lazy_ngettext
from wtforms import BooleanField, SelectChoice, SelectField, StringField
from wtforms.validators import Length

from coordinator.checkin.rules import HOURS, LONGEST_LABEL, USUAL_HOURS
from coordinator.kit.forms import HouseForm
from coordinator.rsvps.forms import tidy


class LinkForm(HouseForm):
    """A door link."""

    label = StringField(
        _("For whom"),
        description=_("So that you know later which one to revoke. Only you see it."),
        filters=[tidy],
        validators=[Length(max=LONGEST_LABEL)],
        render_kw={"maxlength": LONGEST_LABEL, "autocomplete": "off"},
    )
    hours = SelectField(
        _("It works until"),
        coerce=int,
        default=USUAL_HOURS,
        choices=[
            SelectChoice(
                hours, lazy_ngettext("%(num)s hour after the end", "%(num)s hours after the end", hours)
            )
            for hours in HOURS
        ],
    )
    without_names = BooleanField(
        _("Without names"),
        description=_("That phone gets codes and numbers only: whoever takes it away learns no name."),
    )
