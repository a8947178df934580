"""How often something may be asked: per client and per target, without keeping an address.

Counting is done by `limits` (memory for one process, Redis for several). A client is known
by a keyed digest of its network that changes every day; the address itself is never stored.
"""

from __future__ import annotations

import math
import time
from functools import cache, wraps
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flask import current_app, request
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from coordinator.kit.clock import now
from coordinator.kit.errors import TooManyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from limits import RateLimitItem

    from coordinator.kit.crypto import Seal

P = ParamSpec("P")
R = TypeVar("R")

IPV6_HOME_PREFIX = 64  # bits: one household or one server usually holds a whole /64


class Limiter:
    """Counts what was asked in a moving window."""

    def __init__(self, storage_uri: str) -> None:
        """Count in `memory://` or in the Redis of `redis://…`."""
        self._window = MovingWindowRateLimiter(storage_from_string(storage_uri))

    def hit(self, rate: str, *keys: str) -> None:
        """Count one attempt at `keys`, at most `rate` ("20 per hour").

        Raises:
            TooManyError: the window is full.
        """
        limit = _parsed(rate)
        if not self._window.hit(limit, *keys):
            stats = self._window.get_window_stats(limit, *keys)
            raise TooManyError(max(1, math.ceil(stats.reset_time - time.time())))

    def reset(self) -> None:
        """Forget all counts (for tests)."""
        self._window.storage.reset()


@cache
def _parsed(rate: str) -> RateLimitItem:
    return parse(rate)


def client_key(address: str, seal: Seal, *, day: str) -> str:
    """Return what stands for a client today: a digest of its network, another one tomorrow."""
    return seal.digest(f"{day} {_network(address)}", purpose="client")


def _network(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:  # a proxy that sends a name or a port: the limit counts that text
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:  # IPv4 as a socket for both families writes it: one /64 would hold all of it
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, IPV6_HOME_PREFIX), strict=False))


def this_client() -> str:
    """Return the key of whoever asks."""
    return client_key(
        request.remote_addr or "::",
        current_app.extensions["seal"],
        day=now().date().isoformat(),
    )


def check_limit(
    name: str, *, per_client: str | None = None, target: str = "", per_target: str | None = None
) -> None:
    """Count this request against the named limits; tests and bench may turn them off.

    Raises:
        TooManyError: one of them is used up.
    """
    if not current_app.config["LIMITS_ENABLED"]:
        return
    limiter: Limiter = current_app.extensions["limiter"]
    if per_client:
        limiter.hit(per_client, name, "client", this_client())
    if per_target:
        limiter.hit(per_target, name, "target", target)


def limited(
    name: str,
    *,
    per_client: str | None = None,
    per_target: str | None = None,
    target: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Limit how often a view takes a POST. `target` names the view argument that is protected."""

    def declare(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def counted(*args: P.args, **kwargs: P.kwargs) -> R:
            if request.method == "POST":
                aim = str(kwargs[target]) if target else ""
                check_limit(name, per_client=per_client, per_target=per_target, target=aim)
            return view(*args, **kwargs)

        return counted

    return declare
