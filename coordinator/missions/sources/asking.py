"""Asking services that belong to others: slowly, with our name, and again only when they say so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from coordinator.missions.rules import SourceError, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS = 10
ANSWER_SECONDS = 130  # the services themselves give up after 60 and 120
TRIES = 3
LONGEST_PAUSE_SECONDS = 300
BUSY = (429, 502, 503, 504)
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service and how we present ourselves to it."""

    url: str
    agent: str
    """User-Agent: who we are and where we can be reached; generic ones are turned away."""
    pause_factor: float = 5.0
    """Seconds before the second try, doubled before each other, where the service does not say how long."""


class _Patience(Retry):
    """Waits as long as the service asks for, but not for ever."""

    def get_retry_after(self, response: Any) -> float | None:
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, LONGEST_PAUSE_SECONDS)


def ask(service: Service, form: Mapping[str, str], accept: str) -> Any:
    """Post a query and return the JSON that comes back.

    Raises:
        SourceError: nobody answered in time, too many asked, it was refused, or the answer is not JSON.
    """
    patience = _Patience(
        total=TRIES, status_forcelist=BUSY, allowed_methods={"POST"}, backoff_factor=service.pause_factor,
        respect_retry_after_header=True, raise_on_status=False,
    )  # fmt: skip
    headers = {"User-Agent": service.agent, "Accept": accept}
    with requests.Session() as session:
        session.trust_env = False  # no password of somebody's .netrc goes with it
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=patience))
        try:
            answer = session.post(
                service.url,
                data=form,
                headers=headers,
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                stream=True,
            )
            body = _read(answer)
        except requests.RequestException as away:
            raise SourceError(Trouble.AWAY, type(away).__name__) from away
    if answer.status_code in BUSY:
        raise SourceError(Trouble.BUSY, str(answer.status_code))
    if answer.status_code != requests.codes.ok:
        raise SourceError(Trouble.REFUSED, str(answer.status_code))
    try:
        return json.loads(body)
    except ValueError as broken:
        raise SourceError(Trouble.NOT_JSON) from broken


def _read(answer: requests.Response) -> bytes:
    body = bytearray()
    for chunk in answer.iter_content(1 << 16):
        body += chunk
        if len(body) > LARGEST_ANSWER_BYTES:
            raise SourceError(Trouble.TOO_LARGE)
    return bytes(body)
