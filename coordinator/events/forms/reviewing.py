"""What a coordinator says about an event."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, TextAreaField
from wtforms.validators import Length

from coordinator.events.forms.fields import tidy
from coordinator.events.rules import LONGEST_NOTE
from coordinator.kit.forms import HouseForm


class ReviewForm(HouseForm):
    """Decide about an event. The button says what."""

    seen = HiddenField()
    """Mark of what the coordinator saw."""
    reason = TextAreaField(
        _l("To the organiser"),
        description=_l(
            "Your question, or the reason. They get it by mail. Needed for everything but publishing."
        ),
        filters=[tidy],
        validators=[Length(max=LONGEST_NOTE)],
        render_kw={"rows": 4},
    )
    accepts_rough_place = BooleanField(
        _l("Publish although only the city is known"),
        description=_l("People will read that the exact place follows."),
    )
