"""What can be ticked about accessibility, how it is kept, and how an address asks for it."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from coordinator.events.accessibility import Feature, features_from, kept_features
from coordinator.events.filtering import EVERYTHING, EventFilters, filters_from, parameters
from coordinator.events.forms.choices import FEATURE_HINTS, FEATURE_WORDS

STEP_FREE, SIGNS = Feature.STEP_FREE, Feature.SIGN_LANGUAGE


def test_each_is_kept_once_in_one_order_and_what_is_none_is_left_out() -> None:
    assert kept_features(["sign-language", "lift", "step-free", "sign-language"]) == "step-free sign-language"
    assert features_from("sign-language step-free  lift") == (STEP_FREE, SIGNS)
    assert (kept_features([]), features_from("")) == ("", ())


def test_every_one_has_a_name_and_says_what_it_means() -> None:
    assert set(FEATURE_WORDS) == set(FEATURE_HINTS) == set(Feature)


@pytest.mark.parametrize(
    ("said", "filters", "written"),
    [
        ([], EVERYTHING, None),
        (["described"], EventFilters(is_described=True), ["any"]),
        (["any"], EventFilters(is_described=True), ["any"]),
        (
            ["sign-language", "Step-Free"],
            EventFilters(features=frozenset({STEP_FREE, SIGNS})),
            [STEP_FREE, SIGNS],
        ),
        (
            ["any", "seating"],
            EventFilters(is_described=True, features=frozenset({Feature.SEATING})),
            ["seating", "any"],
        ),
        (["lift", ""], EVERYTHING, None),
    ],
)
def test_an_address_may_ask_for_several(
    said: list[str], filters: EventFilters, written: list[str] | None
) -> None:
    asked: MultiDict[str, str] = MultiDict([("access", one) for one in said])

    assert filters_from(asked) == filters
    assert parameters(filters).get("access") == written
