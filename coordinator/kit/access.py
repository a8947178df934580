"""Who may open which page. Closed by default: a view that declares nothing answers nobody."""

from __future__ import annotations

from enum import StrEnum
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

from flask import current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.exceptions import NotFound

from coordinator.kit.errors import CoordinatorError, NotFoundError
from coordinator.kit.roles import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask.typing import ResponseReturnValue

P = ParamSpec("P")
R = TypeVar("R")


class May(StrEnum):
    """What a page asks for."""

    ORGANISE = "organise"
    """Register events and look after one's own."""
    COORDINATE = "coordinate"
    """Open a campaign's rooms; which campaign is decided where the campaign is loaded."""
    ADMINISTER = "administer"
    """Create campaigns, change missions, name coordinators."""


WHO_MAY: Mapping[May, frozenset[Role]] = MappingProxyType(
    {
        May.ORGANISE: frozenset(Role),
        May.COORDINATE: frozenset({Role.COORDINATOR, Role.ADMINISTRATOR}),
        May.ADMINISTER: frozenset({Role.ADMINISTRATOR}),
    }
)


class HasRoles(Protocol):
    """Somebody who is signed in."""

    @property
    def roles(self) -> frozenset[Role]:
        """Everything this person is."""
        ...


class UndeclaredAccessError(CoordinatorError):
    """A view was asked for that says neither `public` nor `requires`."""

    code = "access.undeclared"


def may(person: HasRoles, permission: May) -> bool:
    """Tell whether one of this person's roles carries the permission."""
    return not person.roles.isdisjoint(WHO_MAY[permission])


def public(*, why: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let everybody in. `why` is read by the next person who wonders."""

    def declare(view: Callable[P, R]) -> Callable[P, R]:
        cast("Any", view).access = f"public: {why}"
        return view

    return declare


def requires(
    permission: May,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let in only those whose role may; to everyone else the page does not exist.

    Somebody who is not signed in is asked to, since they may be anyone.
    """

    def declare(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                here = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for("accounts.sign_in", next=here), code=303)
            if not may(cast("HasRoles", current_user), permission):
                raise NotFoundError
            return view(*args, **kwargs)

        cast("Any", guarded).access = permission
        return guarded

    return declare


def refuse_undeclared() -> None:
    """Stop a request whose view has not said who may use it. Runs before every view."""
    if request.endpoint is None or request.endpoint.endswith("static"):
        return
    view = current_app.view_functions.get(request.endpoint)
    if view is None:
        raise NotFound
    if not hasattr(view, "access"):
        raise UndeclaredAccessError
