"""The form that registers or edits a protest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from coordinator.events.accessibility import features_from, kept_features
from coordinator.events.forms.choices import (
    COUNT_SHOWN_WORDS,
    FEATURE_WORDS,
    LANGUAGES_SPOKEN,
    missions_by_state,
)
from coordinator.events.forms.fields import CoordinateField, TicksField, WallTimeField, one_line, tidy
from coordinator.events.forms.times import EARLIER, FIRST, LATER, SECOND, Schedule, settled, wall_text
from coordinator.events.rules import (
    LARGEST_CAPACITY,
    LONGEST_ADDRESS,
    LONGEST_CITY,
    LONGEST_CONTACT,
    LONGEST_DESCRIPTION,
    LONGEST_NOTE,
    LONGEST_TITLE,
    NOON,
    CountShown,
    EventDetails,
)
from coordinator.kit.forms import HouseForm, WholeNumberField
from coordinator.kit.i18n import current_language, language_name
from coordinator.places.rules import Point, PointError
from coordinator.places.timezones import is_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from coordinator.campaigns.models import Campaign
    from coordinator.events.locating import Spot
    from coordinator.missions.models import Mission

COORDINATE_DIGITS = 6  # 11 cm


class EventForm(HouseForm):
    """Register or edit a protest. The fields that are asked for only in doubt stay empty until then."""

    campaign = HiddenField()
    once = HiddenField()
    """Signed id that the event will get: a form sent twice is one event."""
    others_seen = HiddenField()
    """The organiser was shown who else plans for that mission and day."""
    shown_mission = HiddenField()
    shown_address = HiddenField()
    shown_latitude = HiddenField()
    shown_longitude = HiddenField()

    mission = SelectField(
        _l("Embassy or consulate"),
        description=_l("Choose the one you will stand at, or “Another place”."),
        default="",
    )
    address = StringField(
        _l("Address or place to stand"),
        description=_l(
            "Street and city, as you would tell a taxi driver. Coordinates work too: 52.5163, 13.3827."
        ),
        filters=[one_line],
        validators=[Length(max=LONGEST_ADDRESS)],
        render_kw={"autocomplete": "off"},
    )
    place_choice = RadioField(_l("Which of these places do you mean?"), choices=[], validate_choice=False)
    city = StringField(
        _l("City"),
        description=_l("We know the point, but not the city. Lists are sorted by it."),
        filters=[one_line],
        validators=[Length(max=LONGEST_CITY)],
    )
    latitude = CoordinateField(
        _l("Latitude"),
        description=_l("Between -90 and 90."),
        render_kw={"autocomplete": "off"},
    )
    longitude = CoordinateField(
        _l("Longitude"),
        description=_l("Between -180 and 180."),
        render_kw={"autocomplete": "off"},
    )
    starts_at = WallTimeField(
        _l("Starts"),
        description=_l("On the clocks of the place where it happens."),
        validators=[DataRequired(_l("Say when it starts."))],
    )
    starts_fold = RadioField(_l("Which start do you mean?"), choices=[], validate_choice=False)
    ends_at = WallTimeField(_l("Ends"))
    ends_fold = RadioField(_l("Which end do you mean?"), choices=[], validate_choice=False)
    time_to_be_announced = BooleanField(
        _l("The time will be announced later"), description=_l("Then only the day counts.")
    )
    timezone = SelectField(
        _l("Time zone"),
        description=_l("Change it only when the clocks there show something else."),
        choices=[],
        default="",
    )
    title = StringField(
        _l("Title"),
        description=_l("What people will read first."),
        filters=[one_line],
        validators=[DataRequired(_l("Give it a title.")), Length(max=LONGEST_TITLE)],
    )
    description = TextAreaField(
        _l("What will happen"),
        description=_l(
            "Who calls for it, what is planned, what to bring. An empty line starts a new paragraph."
        ),
        filters=[tidy],
        validators=[Length(max=LONGEST_DESCRIPTION)],
        render_kw={"rows": 6},
    )
    languages = TicksField(_l("Languages spoken there"), choices=[])
    how_to_get_there = TextAreaField(
        _l("How to get there"),
        description=_l("Station, bus line, which side of the street."),
        filters=[tidy],
        validators=[Length(max=LONGEST_NOTE)],
        render_kw={"rows": 2},
    )
    accessibility_features = TicksField(
        _l("Accessibility"),
        description=_l("Tick only what is certain. People set out because of it."),
        choices=[SelectChoice(feature.value, words) for feature, words in FEATURE_WORDS.items()],
    )
    accessibility = TextAreaField(
        _l("More about accessibility"),
        description=_l("How wide it is, where the seats are, whom to ask. Also what is difficult there."),
        filters=[tidy],
        validators=[Length(max=LONGEST_NOTE)],
        render_kw={"rows": 2},
    )
    capacity = WholeNumberField(
        _l("How many people fit?"),
        description=_l("Leave it empty in the open street. When it is full, others wait on a list."),
        validators=[Optional(), NumberRange(min=1, max=LARGEST_CAPACITY)],
        render_kw={"inputmode": "numeric"},
    )
    count_shown = RadioField(
        _l("How many come"),
        description=_l(
            "Coordinators and you always see exact numbers. Rounded or hidden ones help where opponents "
            "count, or where a small number would keep others at home."
        ),
        choices=[SelectChoice(kind.value, words) for kind, words in COUNT_SHOWN_WORDS.items()],
        default=CountShown.EXACT.value,
        validate_choice=False,  # a form without it, or with another word, leaves it as it is
    )
    public_contact = StringField(
        _l("Public contact"),
        description=_l(
            "Everybody can read this: a Telegram channel, an address made for the occasion. "
            "The address of your account is never shown."
        ),
        filters=[one_line],
        validators=[Length(max=LONGEST_CONTACT)],
    )
    help_wanted = HiddenField()
    """Of the protest that this one copies, signed; the list itself has a page of its own."""
    note = TextAreaField(
        _l("Message to the coordinators"),
        description=_l("Only they read it."),
        filters=[tidy],
        validators=[Length(max=LONGEST_NOTE)],
        render_kw={"rows": 3},
    )

    def offer(
        self,
        campaign: Campaign,
        missions: Iterable[Mission],
        zones: Mapping[str, list[tuple[str, str]]],
        *,
        zone_of_place: str = "",
    ) -> None:
        """Fill what may be chosen; what has been chosen stays."""
        locale = current_language()
        self.campaign.data = campaign.slug
        self.mission.choices = {"": [("", _("Another place"))], **missions_by_state(missions, locale)}
        by_place = _("The time zone of the place")
        if zone_of_place:
            by_place = _("The time zone of the place (%(zone)s)", zone=zone_of_place.replace("_", " "))
        self.timezone.choices = {"": [("", by_place)], **zones}
        names = {code: language_name(code, locale) for code in LANGUAGES_SPOKEN}
        first = [locale, "en"]
        order = sorted(names, key=lambda code: (code not in first, names[code].casefold()))
        self.languages.choices = [(code, names[code]) for code in order]

    @property
    def pin(self) -> Point | None:
        """Return the pin as it was sent. Call it on a valid form."""
        return _point(self.latitude.degrees, self.longitude.degrees)

    @property
    def shown_pin(self) -> Point | None:
        """Return the pin as the form was opened with, if it was with one."""
        try:
            return _point(float(self.shown_latitude.data or ""), float(self.shown_longitude.data or ""))
        except (ValueError, PointError):
            return None

    def validate_latitude(self, field: CoordinateField) -> None:
        """A point needs both halves, on this Earth."""
        if (field.degrees is None) != (self.longitude.degrees is None):
            if not self.longitude.errors:
                raise ValidationError(_("Give latitude and longitude, or neither."))
            return
        try:
            _point(field.degrees, self.longitude.degrees)
        except PointError:
            raise ValidationError(_("There is no such point on this Earth.")) from None

    def validate_timezone(self, field: SelectField) -> None:
        """Know the zone."""
        if field.data and not is_zone(field.data):
            raise ValidationError(_("Choose a time zone from the list."))

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Read longitude before latitude looks at it."""
        self.longitude.degrees = None
        try:
            self.longitude.pre_validate(self)
        except ValidationError:
            self.longitude.degrees = None
        return bool(super().validate(extra_validators))

    def schedule(self, zone: str) -> Schedule | None:
        """Return when it is, or None after putting a question or a fault into the fields.

        A time that the clocks there skip or show twice is asked about, never guessed.
        """
        starts = self.starts_at.wall_time
        if starts is None:
            return None
        if self.time_to_be_announced.data:
            noon = starts.replace(hour=NOON, minute=0)
            return Schedule(starts_local=noon, timezone=zone, is_time_known=False)
        start = settled(self.starts_at, self.starts_fold, zone)
        end = settled(self.ends_at, self.ends_fold, zone) if self.ends_at.wall_time else None
        if start is None or (self.ends_at.wall_time and end is None):
            return None
        return Schedule(
            starts_local=start[0],
            starts_fold=start[1],
            ends_local=end[0] if end else None,
            ends_fold=end[1] if end else 0,
            timezone=zone,
        )

    def details(
        self, schedule: Schedule, spot: Spot, mission: Mission | None, before: EventDetails | None = None
    ) -> EventDetails:
        """Return everything that was said, as the rules want it; `before` says what the form leaves out."""
        shown = self.count_shown.data
        is_said = bool(self.count_shown.raw_data) and shown in set(CountShown)
        return EventDetails(
            title=self.title.data or "",
            description=self.description.data or "",
            mission_id=mission.id if mission else None,
            starts_local=schedule.starts_local,
            starts_fold=schedule.starts_fold,
            ends_local=schedule.ends_local,
            ends_fold=schedule.ends_fold,
            timezone=schedule.timezone,
            is_time_known=schedule.is_time_known,
            address=spot.address,
            city=spot.city,
            country=spot.country,
            latitude=spot.point.latitude if spot.point else None,
            longitude=spot.point.longitude if spot.point else None,
            precision=spot.precision,
            located_by=spot.located_by,
            is_location_due=spot.is_location_due,
            how_to_get_there=self.how_to_get_there.data or "",
            accessibility=self.accessibility.data or "",
            accessibility_features=kept_features(self.accessibility_features.data or []),
            languages=" ".join(sorted({*(self.languages.data or [])})),
            public_contact=self.public_contact.data or "",
            capacity=self.capacity.data,
            help_wanted=before.help_wanted if before else [],
            count_shown=CountShown(shown) if is_said else before.count_shown if before else CountShown.EXACT,
        )

    def ask_again(self) -> None:
        """Keep what was answered to our questions while something else in the form is put right."""
        words = {
            FIRST: _("The first time that the clocks show it"),
            SECOND: _("The second time that the clocks show it"),
            EARLIER: _("Earlier"),
            LATER: _("Later"),
        }
        for fold in (self.starts_fold, self.ends_fold):
            if not fold.choices and fold.data in words:
                fold.choices = [(fold.data, words[fold.data])]

    def show(self, details: EventDetails, mission: Mission | None, *, zone_of_place: str) -> None:
        """Open the form with what an event says."""
        self.title.data, self.description.data = details.title, details.description
        self.mission.data = self.shown_mission.data = mission.code if mission else ""
        self.address.data = self.shown_address.data = details.address
        self.show_pin(details.point)
        self.starts_at.data = wall_text(details.starts_local)
        self.ends_at.data = wall_text(details.ends_local) if details.ends_local else ""
        self.time_to_be_announced.data = not details.is_time_known
        self.timezone.data = "" if details.timezone == zone_of_place else details.timezone
        self.languages.data = details.languages.split()
        self.how_to_get_there.data = details.how_to_get_there
        self.accessibility.data = details.accessibility
        self.accessibility_features.data = list(features_from(details.accessibility_features))
        self.capacity.data = details.capacity
        self.count_shown.data = details.count_shown.value
        self.public_contact.data = details.public_contact

    def show_mission(self, mission: Mission) -> None:
        """Open the form for a protest at a mission."""
        name = mission.name_in(current_language()).name
        self.mission.data = self.shown_mission.data = mission.code
        self.address.data = self.shown_address.data = mission.address
        self.title.data = _("Protest at the %(mission)s", mission=name)[:LONGEST_TITLE]
        self.show_pin(mission.point)

    def show_pin(self, point: Point | None) -> None:
        """Put the pin somewhere; only when it is moved from there a human has placed it."""
        latitude, longitude = (
            (f"{point.latitude:.{COORDINATE_DIGITS}f}", f"{point.longitude:.{COORDINATE_DIGITS}f}")
            if point
            else ("", "")
        )
        self.latitude.data = self.shown_latitude.data = latitude
        self.longitude.data = self.shown_longitude.data = longitude


def _point(latitude: float | None, longitude: float | None) -> Point | None:
    return None if latitude is None or longitude is None else Point(latitude, longitude)
