"""The coordinators' page of missions: what other sources say of them, and what somebody has checked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from coordinator.accounts.sign_in import signed_in
from coordinator.campaigns.queries import coordinated_campaign
from coordinator.campaigns.service import raise_revision
from coordinator.events.cards import distance_text
from coordinator.kit.access import May, requires
from coordinator.kit.clock import now
from coordinator.kit.db import db, unit_of_work
from coordinator.kit.errors import NotFoundError
from coordinator.kit.i18n import country_name, current_language, date_text
from coordinator.missions import findings
from coordinator.missions.queries import target_mission, target_missions
from coordinator.missions.rules import Difference, MissionKind, SourceName

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from coordinator.campaigns.models import Campaign
    from coordinator.missions.findings import Proposal
    from coordinator.missions.models import Mission, MissionFinding

    Act = Callable[[Session, MissionFinding], None]

SHOWN = 30
PAGES_OF = {
    SourceName.WIKIDATA: "https://www.wikidata.org/wiki/",
    SourceName.OSM: "https://www.openstreetmap.org/",
}

blueprint = Blueprint("directory", __name__, url_prefix="/<lang:lang>/coordinate")


@blueprint.get("/<slug>/missions")
@requires(May.COORDINATE)
def missions(slug: str) -> ResponseReturnValue:
    """Show what needs a human eye, then every mission with who says so and since when."""
    session, lang = db.session(), current_language()
    campaign = coordinated_campaign(session, signed_in(), slug)
    waiting = findings.proposals(session, campaign.sending_state)
    every = target_missions(session, campaign)
    countries = {one.receiving_state: country_name(one.receiving_state, lang) for one in every}
    country = request.args.get("country", "").upper()
    return render_template(
        "dashboard/missions.html",
        campaign=campaign,
        title=campaign.text_in(lang).title,
        waiting=[_card(one, lang) for one in waiting[:SHOWN]],
        waiting_count=len(waiting),
        obvious=sum(1 for one in waiting if one.candidates and one.candidates[0].is_obvious),
        missions=[_row(one, lang) for one in every if one.receiving_state == country],
        countries=sorted(countries.items(), key=lambda pair: pair[1].casefold()),
        country=country if country in countries else "",
        verified=sum(1 for one in every if one.verified_at),
        total=len(every),
    )


@blueprint.post("/<slug>/missions")
@requires(May.COORDINATE)
def decide(slug: str) -> ResponseReturnValue:
    """Take a decision about one finding, or about all that are beyond doubt."""
    with unit_of_work() as session:
        campaign = coordinated_campaign(session, signed_in(), slug)
        if request.form.get("act") == "obvious":
            said = _take_obvious(session, campaign)
        else:
            row = findings.finding_by_key(
                session,
                campaign.sending_state,
                source=request.form.get("source", ""),
                key=request.form.get("key", ""),
            )
            said = _decide(session, campaign, row)
        raise_revision(session, campaign)
    flash(said, "success")
    return redirect(url_for(".missions", slug=slug), code=303)


@blueprint.post("/<slug>/missions/<code>/verify")
@requires(May.COORDINATE)
def verify(slug: str, code: str) -> ResponseReturnValue:
    """Note that somebody has checked a mission."""
    with unit_of_work() as session:
        campaign = coordinated_campaign(session, signed_in(), slug)
        mission = target_mission(session, campaign, code)
        findings.verify(session, mission, by=signed_in().public_id, now=now(), campaign=campaign.slug)
        country = mission.receiving_state
    flash(_("Noted. Thank you."), "success")
    return redirect(url_for(".missions", slug=slug, country=country) + "#directory", code=303)


def _decide(session: Session, campaign: Campaign, row: MissionFinding) -> str:
    """Do what the form says, and return what to tell the coordinator.

    Raises:
        NotFoundError: it says nothing that can be done.
    """
    said: dict[str, Any] = {"by": signed_in().public_id, "now": now(), "campaign": campaign.slug}
    act = request.form.get("act", "")
    if act == "same":
        mission = target_mission(session, campaign, request.form.get("mission", ""))
        findings.say_same(session, row, mission, **said)
        return _("Linked. Its names in other languages were taken over.")
    acts: dict[str, tuple[Any, str]] = {
        "another": (findings.say_another, _("Added to the directory.")),
        "not-ours": (findings.say_not_ours, _("Left out of the directory.")),
        "take-over": (findings.take_over, _("Taken over from the source.")),
        "keep": (findings.keep_ours, _("Left as it is.")),
    }
    if act not in acts:
        raise NotFoundError
    do, words = acts[act]
    do(session, row, **said)
    return str(words)


def _take_obvious(session: Session, campaign: Campaign) -> str:
    said: dict[str, Any] = {"by": signed_in().public_id, "now": now(), "campaign": campaign.slug}
    taken = 0
    for one in findings.proposals(session, campaign.sending_state):
        if one.candidates and one.candidates[0].is_obvious:
            findings.say_same(session, one.finding, one.candidates[0].mission, **said)
            taken += 1
    return _("Linked: %(count)s.", count=taken)


def _card(proposal: Proposal, lang: str) -> SimpleNamespace:
    """Return what the page says of one finding and of what it may be."""
    row = proposal.finding
    finding = row.finding()
    closed_on = date_text(row.closed_on, lang) if row.closed_on else ""
    news = {
        Difference.CLOSED: _("It has closed: %(day)s.", day=closed_on) if closed_on else _("It has closed."),
        Difference.MOVED: _("It is %(distance)s from our point.", distance=distance_text(proposal.km)),
        Difference.GONE: _("The source lists it no more."),
    }
    return SimpleNamespace(
        source=row.source.value,
        source_words=findings.source_words(row),
        source_url=PAGES_OF[row.source] + row.key,
        key=row.key,
        name=finding.names.get(lang) or finding.name,
        kind=_kind(finding.kind),
        where=", ".join(part for part in (finding.address, finding.city) if part),
        country=country_name(row.receiving_state, lang),
        point=finding.point,
        is_closed=row.is_closed,
        news=news.get(proposal.difference, "") if proposal.difference else "",
        ours=_row(row.mission, lang) if row.mission else None,
        candidates=[
            SimpleNamespace(
                **vars(_row(one.mission, lang)),
                distance=distance_text(one.km),
                is_obvious=one.is_obvious,
            )
            for one in proposal.candidates
        ],
    )


def _kind(kind: MissionKind) -> str:
    words: dict[MissionKind, str] = {
        MissionKind.EMBASSY: _("embassy"),
        MissionKind.CONSULATE_GENERAL: _("consulate general"),
        MissionKind.CONSULATE: _("consulate"),
        MissionKind.HONORARY_CONSULATE: _("honorary consulate"),
        MissionKind.PERMANENT_MISSION: _("permanent mission"),
        MissionKind.OTHER: _("another kind of mission"),
    }
    return words[kind]


def _row(mission: Mission, lang: str) -> SimpleNamespace:
    words = mission.name_in(lang)
    return SimpleNamespace(
        code=mission.code,
        name=words.name,
        city=words.city,
        address=mission.address,
        status=mission.status.value,
        status_on=date_text(mission.status_on, lang) if mission.status_on else "",
        source=mission.source,
        verified_on=date_text(mission.verified_at.date(), lang) if mission.verified_at else "",
    )
