"""What coordinators may say about a campaign, and whom they may invite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from babel import Locale
from flask_babel import lazy_gettext as _
from wtforms import DateField, EmailField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional, ValidationError

from coordinator.accounts.rules import LONGEST_EMAIL
from coordinator.campaigns.rules import (
    FIRST_TO_GO,
    LONGEST_CALL,
    LONGEST_HASHTAGS,
    LONGEST_RETENTION_DAYS,
    LONGEST_SLUG,
    LONGEST_TITLE,
    LONGEST_URL,
    SHORTEST_RETENTION_DAYS,
    AnswerField,
    CampaignDetails,
    CampaignRoleKind,
    CampaignWords,
    DateRule,
    DatesError,
    ReviewPolicy,
    days_of,
    is_good_slug,
    is_web_address,
)
from coordinator.kit.forms import HouseForm, WholeNumberField
from coordinator.kit.i18n import LANGUAGES, current_language, native_name

if TYPE_CHECKING:
    from flask_babel.speaklater import LazyString

    from coordinator.campaigns.models import Campaign

WORDS = ("title", "call", "demands", "guidelines")
"""What a campaign says, once in each language."""


def _trimmed(text: str | None) -> str | None:
    return text.strip() if text else text


def _web_address(_form: HouseForm, field: StringField) -> None:
    if field.data and not is_web_address(field.data):
        raise ValidationError(_("Write the whole address, starting with https://."))


def _slug(_form: HouseForm, field: StringField) -> None:
    if not is_good_slug(field.data or ""):
        raise ValidationError(
            _("Use lower-case letters and digits, with hyphens between words; some words are taken.")
        )


def _days_of_field(label: LazyString, default: int | None = None) -> WholeNumberField:
    return WholeNumberField(
        label,
        default=default,
        validators=[Optional(), NumberRange(min=SHORTEST_RETENTION_DAYS, max=LONGEST_RETENTION_DAYS)],
    )


class CampaignForm(HouseForm):
    """A day of action, in every language of the site at once."""

    slug = StringField(
        _("Address of its page"),
        description=_(
            "It stands on posters and can't be changed once the campaign is open: day-of-action-2030"
        ),
        filters=[_trimmed],
        validators=[InputRequired(_("The campaign needs an address.")), Length(max=LONGEST_SLUG), _slug],
        render_kw={"autocapitalize": "none", "spellcheck": "false"},
    )
    sending_state = SelectField(
        _("Outside whose embassies and consulates?"), validators=[InputRequired(_("Choose a state."))]
    )
    default_locale = SelectField(
        _("Main language"), description=_("Shown to people whose language the campaign does not speak.")
    )
    date_rule = RadioField(
        _("When?"), default=DateRule.DAY.value, validators=[InputRequired(_("Choose one."))]
    )
    starts_on = DateField(
        _("Day, or first day"),
        validators=[Optional()],
        description=_("Not needed when each protest has its own."),
    )
    ends_on = DateField(_("Last day"), validators=[Optional()], description=_("Only when there are several."))
    review_policy = RadioField(
        _("Who publishes a protest?"),
        default=ReviewPolicy.EVERYTHING.value,
        validators=[InputRequired(_("Choose one."))],
    )
    retention_days = WholeNumberField(
        _("Days until personal data is erased"),
        description=_("Counted from the end of each protest. Numbers stay; names, addresses and notes go."),
        default=90,
        validators=[
            InputRequired(_("Say how many days.")),
            NumberRange(min=SHORTEST_RETENTION_DAYS, max=LONGEST_RETENTION_DAYS),
        ],
    )
    days_needs = _days_of_field(_("What people need (accessibility)"), default=FIRST_TO_GO[AnswerField.NEEDS])
    days_note = _days_of_field(_("Notes"))
    days_name = _days_of_field(_("Names"))
    days_phone = _days_of_field(_("Telephone numbers"))
    hashtags = StringField(
        _("Hashtags"), description=_("Separated by spaces."), filters=[_trimmed],
        validators=[Length(max=LONGEST_HASHTAGS // 2)],
    )  # fmt: skip
    petition_url = StringField(
        _("Link to the petition"), filters=[_trimmed], validators=[Length(max=LONGEST_URL), _web_address]
    )
    updates_url = StringField(
        _("Link to updates"), description=_("A channel or page with the latest news."), filters=[_trimmed],
        validators=[Length(max=LONGEST_URL), _web_address],
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer choices in the language of whoever reads."""
        super().__init__(*args, **kwargs)
        territories = Locale.parse(current_language()).territories
        states = sorted(
            ((str(code), str(name)) for code, name in territories.items() if _is_state(str(code))),
            key=lambda choice: choice[1].casefold(),
        )
        self.sending_state.choices = [("", _("Choose a state")), *states]
        self.default_locale.choices = [(code, native_name(code)) for code in LANGUAGES]
        self.date_rule.choices = [
            (DateRule.DAY.value, _("On one day, everywhere")),
            (DateRule.WINDOW.value, _("Within several days")),
            (DateRule.LOCAL.value, _("Each protest has a date of its own")),
        ]
        self.review_policy.choices = [
            (ReviewPolicy.EVERYTHING.value, _("A coordinator looks at every protest first")),
            (
                ReviewPolicy.TRUSTED.value,
                _("Organisers whom you trust publish at once; you look at the others"),
            ),
        ]

    def keep_slug(self, slug: str) -> None:
        """Show the address without letting it be changed: it is printed on posters."""
        self.slug.data = slug
        self.slug.description = _("It is on posters now, and stays.")
        self.slug.render_kw = {"readonly": True}

    def words_field(self, word: str, locale: str) -> Any:
        """Return the field for one of `WORDS` in a language."""
        return self[f"{word}_{locale}"]

    def days_field(self, field: AnswerField) -> Any:
        """Return the field that says when a field of answers goes."""
        return self[f"days_{field}"]

    def validate(self, extra_validators: Any = None) -> bool:
        """Look at fields that depend on each other, after each was looked at alone."""
        is_fine = bool(super().validate(extra_validators))
        return self._has_its_days() & self._has_its_words() & self._lets_go_in_time() & is_fine

    def details(self, *, is_demonstration: bool = False) -> CampaignDetails:
        """Return what was said, as the rules want it. Call it on a valid form."""
        return CampaignDetails(
            slug=self.slug.data or "",
            sending_state=self.sending_state.data,
            default_locale=self.default_locale.data,
            words={code: self._words(code) for code in LANGUAGES if self._said("title", code)},
            date_rule=DateRule(self.date_rule.data),
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            review_policy=ReviewPolicy(self.review_policy.data),
            retention_days=self.retention_days.data or LONGEST_RETENTION_DAYS,
            field_days={
                field: days for field in AnswerField if (days := self.days_field(field).data) is not None
            },
            hashtags=self.hashtags.data or "",
            petition_url=self.petition_url.data or "",
            updates_url=self.updates_url.data or "",
            is_demonstration=is_demonstration,
        )

    @classmethod
    def of(cls, campaign: Campaign) -> CampaignForm:
        """Return the form filled in with what the campaign says now, or with what was just posted."""
        said = {
            f"{word}_{locale}": getattr(text, word)
            for locale, text in campaign.texts.items()
            for word in WORDS
        }
        days = {f"days_{field}": campaign.field_days.get(field) for field in AnswerField}
        return cls(obj=campaign, data=said | days)

    def _words(self, locale: str) -> CampaignWords:
        return CampaignWords(**{word: self._said(word, locale) for word in WORDS})

    def _said(self, word: str, locale: str) -> str:
        return self.words_field(word, locale).data or ""

    def _has_its_days(self) -> bool:
        if self.date_rule.errors:
            return False
        try:
            days_of(DateRule(self.date_rule.data), self.starts_on.data, self.ends_on.data)
        except DatesError:
            is_window = self.date_rule.data == DateRule.WINDOW and self.starts_on.data
            wrong = self.ends_on if is_window else self.starts_on
            said = (
                _("The last day comes after the first, within a year.") if is_window else _("Say which day.")
            )
            wrong.errors = [*wrong.errors, said]
            return False
        return True

    def _lets_go_in_time(self) -> bool:
        longest, is_fine = self.retention_days.data, True
        for each in map(self.days_field, AnswerField):
            if each.data is not None and longest is not None and each.data > longest:
                each.errors = [*each.errors, _("Everything is erased before that.")]
                is_fine = False
        return is_fine

    def _has_its_words(self) -> bool:
        is_fine = True
        for code in LANGUAGES:
            is_spoken = code == self.default_locale.data or any(self._said(word, code) for word in WORDS)
            for word in ("title", "call"):
                if is_spoken and not self._said(word, code):
                    field = self.words_field(word, code)
                    field.errors = [*field.errors, _("Needed in this language, if the campaign speaks it.")]
                    is_fine = False
        return is_fine


for _code in LANGUAGES:
    _of = {"language": native_name(_code)}
    setattr(CampaignForm, f"title_{_code}", StringField(
        _("Title (%(language)s)", **_of), filters=[_trimmed], validators=[Length(max=LONGEST_TITLE)],
        render_kw={"lang": _code},
    ))  # fmt: skip
    setattr(CampaignForm, f"call_{_code}", TextAreaField(
        _("The call (%(language)s)", **_of), filters=[_trimmed], validators=[Length(max=LONGEST_CALL)],
        description=_("What it is about and what to do. Markdown: **bold**, [link](https://…), - list."),
        render_kw={"lang": _code, "rows": 10},
    ))  # fmt: skip
    setattr(CampaignForm, f"demands_{_code}", TextAreaField(
        _("Demands (%(language)s)", **_of), filters=[_trimmed], validators=[Length(max=LONGEST_CALL)],
        description=_("Markdown."), render_kw={"lang": _code, "rows": 5},
    ))  # fmt: skip
    setattr(CampaignForm, f"guidelines_{_code}", TextAreaField(
        _("Guidelines for organisers (%(language)s)", **_of), filters=[_trimmed],
        validators=[Length(max=LONGEST_CALL)],
        description=_("Markdown. Shown where a protest is registered."),
        render_kw={"lang": _code, "rows": 5},
    ))  # fmt: skip


class InvitationForm(HouseForm):
    """Somebody who shall coordinate, or who may publish at once."""

    email = EmailField(
        _("E-mail address"),
        filters=[_trimmed],
        validators=[
            InputRequired(_("Whom do you invite?")),
            Length(max=LONGEST_EMAIL),
            Email(_("This is no e-mail address.")),
        ],
        render_kw={"autocomplete": "off"},
    )
    kind = RadioField(
        _("As what?"), default=CampaignRoleKind.TRUSTED.value, validators=[InputRequired(_("Choose one."))]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer choices in the language of whoever reads."""
        super().__init__(*args, **kwargs)
        self.kind.choices = [
            (CampaignRoleKind.TRUSTED.value, _("Trusted organiser: publishes without waiting")),
            (
                CampaignRoleKind.COORDINATOR.value,
                _("Coordinator: reviews, edits the campaign, invites others"),
            ),
        ]

    def invited_as(self) -> CampaignRoleKind:
        """Return what they are invited as. Call it on a valid form."""
        return CampaignRoleKind(cast("str", self.kind.data))


def _is_state(code: str) -> bool:
    nobodys = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
    return len(code) == 2 and code.isalpha() and code not in nobodys  # noqa: PLR2004 ISO 3166-1 alpha-2
