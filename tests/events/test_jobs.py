from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from coordinator.events.jobs import locate_due, recompute_times
from coordinator.outbox.models import Message
from coordinator.places.rules import Candidate, Found, Point, Precision, ProviderAwayError
from tests.factories.events import EventFactory

if TYPE_CHECKING:
    from flask.testing import FlaskCliRunner
    from sqlalchemy.orm import Session

    from coordinator.kit.crypto import Seal

NOW = datetime(2030, 8, 20, 12, 0, tzinfo=UTC)
ALEX = Candidate(
    label="Alexanderplatz", point=Point(52.5219, 13.4132), precision=Precision.STREET, country="DE",
    city="Berlin", source="nominatim",
)  # fmt: skip


class Later:
    """A provider that answers again, or not yet."""

    def __init__(self, answer: Candidate | None = None, *, is_away: bool = False) -> None:
        self.answer, self.is_away = answer, is_away

    def find_place(self, text: str, *, locale: str) -> Found:  # noqa: ARG002 the protocol's
        return Found()

    def find_city(self, text: str, *, locale: str) -> Found:  # noqa: ARG002 the protocol's
        return Found()

    def locate_later(self, text: str, *, known: Precision, locale: str) -> Candidate | None:  # noqa: ARG002
        if self.is_away:
            raise ProviderAwayError
        return self.answer


def test_what_was_kept_is_located_when_the_provider_is_back(session: Session, seal: Seal) -> None:
    event = EventFactory(submitted=True, unlocated=True)

    assert locate_due(Later(is_away=True), seal=seal, now=NOW) == 0
    assert event.is_location_due
    assert locate_due(Later(ALEX), seal=seal, now=NOW) == 1

    assert (event.point, event.precision, event.city, event.country) == (
        ALEX.point,
        Precision.STREET,
        "Berlin",
        "DE",
    )
    assert not event.is_location_due
    assert session.scalars(select(Message.template)).all() == []
    assert locate_due(Later(ALEX), seal=seal, now=NOW) == 0


def test_an_organiser_is_told_when_there_is_no_such_place(session: Session, seal: Seal) -> None:
    nowhere = EventFactory(submitted=True, unlocated=True)
    rough = EventFactory(draft=True, rough=True, is_location_due=True)

    assert locate_due(Later(), seal=seal, now=NOW) == 2

    templates = set(session.scalars(select(Message.template)))
    assert templates == {"events/place_unknown", "events/place_rough"}
    assert not nowhere.is_location_due
    assert not rough.is_location_due


def test_a_published_point_is_only_proposed(session: Session, seal: Seal) -> None:
    event = EventFactory(rough=True, is_location_due=True)
    was = event.point

    locate_due(Later(ALEX), seal=seal, now=NOW)

    assert event.point == was
    assert event.proposed is not None
    assert event.proposed["latitude"] == ALEX.point.latitude
    assert session.scalars(select(Message.template)).all() == []


def test_what_is_over_is_left_alone(session: Session, seal: Seal) -> None:
    event = EventFactory(submitted=True, unlocated=True)
    session.flush()

    assert locate_due(Later(ALEX), seal=seal, now=NOW + timedelta(days=60)) == 0
    assert event.point is None


def test_new_time_zone_data_moves_the_moment_and_never_the_wall_time(session: Session) -> None:
    event, other = EventFactory(), EventFactory()
    wall, right = event.starts_local, event.starts_at
    event.starts_at += timedelta(hours=1)  # as older zone data had it
    session.flush()

    assert recompute_times(session, NOW, is_dry_run=True) == [event.public_id]
    assert event.starts_at != right
    assert recompute_times(session, NOW) == [event.public_id]
    assert recompute_times(session, NOW) == []

    assert (event.starts_local, event.starts_at, event.sequence) == (wall, right, 1)
    assert other.sequence == 0


def test_a_time_that_new_rules_skip_becomes_what_clocks_show_instead(session: Session) -> None:
    event = EventFactory(starts_local=datetime(2031, 3, 30, 2, 30), starts_at=NOW, ends_local=None)  # noqa: DTZ001

    recompute_times(session, NOW)

    assert event.starts_at == datetime(2031, 3, 30, 1, 30, tzinfo=UTC)


def test_the_command_has_a_dry_run(runner: FlaskCliRunner, session: Session) -> None:
    event = EventFactory(starts_at=datetime(2099, 9, 16, 15, 0, tzinfo=UTC), ends_local=None)

    dry = runner.invoke(args=["events", "recompute-times", "--dry-run"])
    assert (dry.exit_code, dry.output) == (0, f"{event.public_id}\nwould move 1\n")
    assert event.starts_at.year == 2099
    assert "moved 1" in runner.invoke(args=["events", "recompute-times"]).output
    assert event.starts_at.year == 2030
