"""What a coordinator says to an announcement that waits for their word."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import Length

from coordinator.events.forms.fields import tidy
from coordinator.kit.forms import HouseForm
from coordinator.messaging.rules import LONGEST_REFUSAL


class DecisionForm(HouseForm):
    """Let it go out, or say why not."""

    reason = TextAreaField(
        _l("Reason"),
        description=_l("The organiser reads it. Needed when you refuse."),
        filters=[tidy],
        validators=[Length(max=LONGEST_REFUSAL)],
        render_kw={"rows": 3},
    )
