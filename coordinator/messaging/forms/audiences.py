"""To whom somebody says it: a form for each kind of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from flask_babel import gettext as _, lazy_gettext as _l
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import Length

from coordinator.contacts.rules import LONGEST_TAG
from coordinator.events.forms.fields import TicksField, one_line
from coordinator.kit.i18n import LANGUAGES, country_name, language_name
from coordinator.messaging.forms.writing import WordsForm
from coordinator.messaging.rules import AnswerAudience, Came, ContactAudience, OrganiserAudience, Stage
from coordinator.places.timezones import zone_choices
from coordinator.rsvps.rules import RsvpStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wtforms import Field

UTC = "UTC"


class LanguageField(SelectField):
    """One of our languages, or any."""

    def offer(self, lang: str) -> None:
        """Give the choices, named in `lang`."""
        self.choices = [
            SelectChoice("", _("Any language")),
            *(SelectChoice(code, language_name(code, lang)) for code in LANGUAGES),
        ]


class EventForm(WordsForm):
    """To people who hear of one event, on its clocks."""

    def __init__(self, zone: str) -> None:
        """Take the clocks of the event."""
        super().__init__()
        self.zone = zone


class ContactsForm(EventForm):
    """To the organiser's contacts."""

    tag = StringField(
        _l("With this tag"),
        description=_l("A whole tag, as you gave it on the pages of your contacts. Empty for all of them."),
        filters=[one_line],
        validators=[Length(max=LONGEST_TAG)],
    )

    def show_audience(self, audience: Any) -> None:
        """Choose whom it is for: an audience of this form's kind."""
        self.tag.data = audience.tag

    def audience_fields(self) -> Iterator[Field]:
        """Yield what can be chosen."""
        yield self.tag

    def audience(self) -> ContactAudience:
        """Return whom it is for. Call it on a valid form."""
        return ContactAudience(tag=self.tag.data or "")


class AnswersForm(EventForm):
    """To those who answered an event."""

    statuses = TicksField(
        _l("To those who"),
        choices=[
            SelectChoice(RsvpStatus.ACCEPTED.value, _l("come")),
            SelectChoice(RsvpStatus.TENTATIVE.value, _l("may come")),
            SelectChoice(RsvpStatus.WAITLISTED.value, _l("are on the waiting list")),
        ],
    )
    role = SelectField(_l("And do this"), default="", choices=[])
    came = SelectField(
        _l("And were seen at the door"),
        default=Came.ALL.value,  # as where it is not shown
        choices=[
            SelectChoice(Came.ALL.value, _l("All of them")),
            SelectChoice(Came.CAME.value, _l("Those who came")),
            SelectChoice(Came.MISSED.value, _l("Those who did not come")),
        ],
    )
    locale = LanguageField(_l("And read"), choices=[])

    def offer(self, roles: Iterable[tuple[str, str]], lang: str, *, has_begun: bool) -> None:
        """Give the choices that depend on the event and on the reader of the form."""
        self.role.choices = [
            SelectChoice("", _("Everybody")),
            *(SelectChoice(code, name) for code, name in roles),
        ]
        self.locale.offer(lang)
        self.has_begun = has_begun

    def show_audience(self, audience: Any) -> None:
        """Choose whom it is for: an audience of this form's kind."""
        self.statuses.data = [status.value for status in audience.statuses]
        self.role.data, self.came.data, self.locale.data = audience.role, audience.came.value, audience.locale

    def audience_fields(self) -> Iterator[Field]:
        """Yield what can be chosen: nobody has a role where none is wanted, or was seen at a door before."""
        yield self.statuses
        if len(self.role.choices) > 1:
            yield self.role
        if self.has_begun:
            yield self.came
        yield self.locale

    def must_be_ticked(self) -> Field:
        """Return the boxes of which one at least has to be ticked."""
        return self.statuses

    def audience(self) -> AnswerAudience:
        """Return whom it is for. Call it on a valid form."""
        return AnswerAudience(
            statuses=tuple(RsvpStatus(status) for status in self.statuses.data),
            role=self.role.data or "",
            came=Came(self.came.data),
            locale=self.locale.data or "",
        )


class BroadcastForm(WordsForm):
    """To the organisers of a campaign, on clocks of its writer's choice."""

    stages = TicksField(
        _l("To organisers whose protest"),
        choices=[
            SelectChoice(Stage.PUBLISHED.value, _l("is published")),
            SelectChoice(Stage.WAITING.value, _l("waits for review")),
            SelectChoice(Stage.DRAFT.value, _l("is a draft, or was sent back")),
            SelectChoice(Stage.CANCELLED.value, _l("is cancelled")),
        ],
    )
    countries = TicksField(
        _l("In these countries"), description=_l("None ticked means all of them."), choices=[]
    )
    locale = LanguageField(_l("And read"), choices=[])
    timezone = SelectField(_l("On the clocks of"), choices=[])

    def offer(self, countries: Mapping[str, int], lang: str) -> None:
        """Give the choices that depend on the campaign and on the reader of the form."""
        named = sorted((country_name(code, lang), code) for code in countries)
        self.countries.choices = [SelectChoice(code, f"{name} ({countries[code]})") for name, code in named]
        self.locale.offer(lang)
        self.timezone.choices = {"": [(UTC, UTC)], **zone_choices(lang)}

    def show_audience(self, audience: Any) -> None:
        """Choose whom it is for: an audience of this form's kind."""
        self.stages.data = [stage.value for stage in audience.stages]
        self.countries.data, self.locale.data = list(audience.countries), audience.locale

    def audience_fields(self) -> Iterator[Field]:
        """Yield what can be chosen."""
        yield self.stages
        if self.countries.choices:
            yield self.countries
        yield self.locale

    def must_be_ticked(self) -> Field:
        """Return the boxes of which one at least has to be ticked."""
        return self.stages

    def audience(self) -> OrganiserAudience:
        """Return whom it is for. Call it on a valid form."""
        return OrganiserAudience(
            stages=tuple(Stage(stage) for stage in self.stages.data),
            countries=tuple(self.countries.data),
            locale=self.locale.data or "",
        )

    @property
    def zone(self) -> str:
        """Name of the clocks that were chosen."""
        return str(self.timezone.data or UTC)

    @zone.setter
    def zone(self, name: str) -> None:
        self.timezone.data = name


AudienceForm: TypeAlias = AnswersForm | ContactsForm | BroadcastForm
