"""Embassies and consulates."""

from __future__ import annotations

import factory

from coordinator.missions.models import Mission, MissionName
from coordinator.missions.rules import MissionKind, MissionStatus
from coordinator.places.rules import Precision
from tests.factories.rows import RowFactory


class MissionFactory(RowFactory):
    """An open Russian embassy, in Berlin unless a trait or an argument says otherwise."""

    class Meta:
        model = Mission

    class Params:
        name = "Embassy of Russia in Berlin"
        city = "Berlin"
        city_ru = "Берлин"
        closed = factory.Trait(status=MissionStatus.CLOSED)
        moved = factory.Trait(status=MissionStatus.MOVED)
        paris = factory.Trait(
            name="Embassy of Russia in Paris", city="Paris", city_ru="Париж", receiving_state="FR",
            address="40-50 boulevard Lannes, 75116 Paris", latitude=48.8666, longitude=2.2715,
            timezone="Europe/Paris",
        )  # fmt: skip
        sydney = factory.Trait(
            name="Consulate General of Russia in Sydney", city="Sydney", city_ru="Сидней",
            receiving_state="AU",
            address="7-9 Fullerton Street, Woollahra", latitude=-33.8868, longitude=151.2393,
            timezone="Australia/Sydney", kind=MissionKind.CONSULATE_GENERAL,
        )  # fmt: skip

    code = factory.Sequence(lambda n: f"ru-de-berlin-{n}")
    sending_state = "RU"
    receiving_state = "DE"
    kind = MissionKind.EMBASSY
    address = "Unter den Linden 63-65, 10117 Berlin"
    latitude = 52.5162
    longitude = 13.3825
    precision = Precision.BUILDING
    timezone = "Europe/Berlin"
    status = MissionStatus.OPEN
    website = "https://germany.mid.ru/"
    source = "written for a test"

    @factory.lazy_attribute
    def names(self) -> dict[str, MissionName]:
        """Name and city in English and Russian."""
        return {
            "en": MissionName(locale="en", name=self.name, city=self.city),
            "ru": MissionName(locale="ru", name=f"Посольство: {self.city_ru}", city=self.city_ru),
        }
