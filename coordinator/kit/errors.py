"""What can go wrong, said once. `app` gives each family its HTTP status."""

from typing import ClassVar


class CoordinatorError(Exception):
    """Anything we refuse on purpose. `code` is stable; people never see it."""

    code: ClassVar[str] = "error"


class RefusedError(CoordinatorError):
    """A house rule said no (409). The person can understand it and act on it."""

    code = "refused"


class NotFoundError(CoordinatorError):
    """No such thing, or none that this person may know of (404)."""

    code = "not_found"


class AwayError(CoordinatorError):
    """Something outside the house that we need does not answer (503)."""

    code = "away"


class TooManyError(CoordinatorError):
    """Asked too often (429)."""

    code = "too_many"

    def __init__(self, retry_after_seconds: int) -> None:
        """Say when asking again makes sense, in whole seconds."""
        super().__init__()
        self.retry_after_seconds = retry_after_seconds


class ForeignOriginError(CoordinatorError):
    """A form was sent from somebody else's page (403)."""

    code = "foreign_origin"
