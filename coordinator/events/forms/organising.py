"""What an organiser says besides the event itself."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Length

from coordinator.events.forms.fields import one_line, tidy
from coordinator.events.rules import LONGEST_NOTE, LONGEST_PUBLIC_REASON
from coordinator.kit.forms import HouseForm


class SubmitForm(HouseForm):
    """Send a draft for review, or send it again."""

    others_seen = HiddenField()
    note = TextAreaField(
        _l("Message to the coordinators"),
        description=_l("Only they read it."),
        filters=[tidy],
        validators=[Length(max=LONGEST_NOTE)],
        render_kw={"rows": 3},
    )


class CancelForm(HouseForm):
    """Say that it will not happen."""

    because = StringField(
        _l("Reason"),
        description=_l("Everybody can read this, and those who said they come get it by mail."),
        filters=[one_line],
        validators=[Length(max=LONGEST_PUBLIC_REASON)],
    )
