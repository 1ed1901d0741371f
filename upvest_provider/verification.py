"""Does the receiver take what Upvest sends? Upvest's own test delivery, and what follows from its answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .errors import EngineGone, ReceiverRefused, UpvestError
from .timestamps import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable

    from .api import UpvestClient
    from .api.seldom import WebhookTest


class Verify(StrEnum):
    """When Upvest is asked to test, and what a failing test does."""

    OFF = "off"
    WARN = "warn"
    """Before enabling and after a change of URL; what the receiver answered is said."""
    REQUIRE = "require"
    """The same; failing undoes what the call did and is an error."""
    AFTER_ENABLE = "after_enable"
    """As `require`, but after enabling: for an API that does not test a disabled webhook."""


@dataclass(frozen=True, slots=True)
class Tested:
    """The last test: when, and what the receiver answered. Its body is not kept: it may hold anything."""

    time: str
    status: int | None
    error: str | None

    def as_output(self) -> dict[str, Any]:
        """As it stands in the state."""
        told = {"time": self.time, "status": self.status, "error": self.error}
        return {name: value for name, value in told.items() if value is not None}


class Verification:
    """The tests of one operation on one webhook.

    Args:
        client: Asks Upvest to test.
        mode: See `Verify`.
        say: Takes lines for the person at the terminal.
        clock: Unix seconds.

    Attributes:
        last: The last test of this operation; None where there was none.
    """

    def __init__(
        self,
        client: UpvestClient,
        mode: Verify,
        *,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._say = say
        self._clock = clock
        self.mode = mode
        self.last: Tested | None = None

    @property
    def comes_first(self) -> bool:
        """Whether the test comes before the enabling."""
        return self.mode is not Verify.AFTER_ENABLE

    def before_enabling(self, webhook_id: str) -> None:
        """Test where the mode wants it before a webhook is enabled.

        Raises:
            ReceiverRefused: The test failed or could not be made, and the mode requires it.
        """
        if self.comes_first:
            self._test(webhook_id)

    def after_enabling(self, webhook_id: str) -> None:
        """Test where the mode wants it after a webhook was enabled; raises as `before_enabling`."""
        if not self.comes_first:
            self._test(webhook_id)

    def after_moving(self, webhook_id: str) -> None:
        """Test a new URL of an enabled webhook; raises as `before_enabling`."""
        self._test(webhook_id)

    def _test(self, webhook_id: str) -> None:
        try:
            why = self._failure(self._client.test_webhook(webhook_id))
            details: tuple[str, ...] = ()
        except EngineGone:
            raise
        except UpvestError as error:
            self.last = Tested(rfc3339(self._clock()), None, "Upvest did not test")
            why, details = f"Upvest did not test: {error.summary}", error.details
        if why and self.mode is Verify.WARN:
            self._say(f"warning: webhook {webhook_id}: the test delivery failed: {why}")
        elif why:
            raise ReceiverRefused(f"the test delivery failed: {why}", *details, fix=self._fix(details))

    def _fix(self, details: tuple[str, ...]) -> str:
        if details and self.comes_first:
            return 'If Upvest tests enabled webhooks only, set verify="after_enable".'
        return 'Mend the receiver, then run `pulumi up` again; verify="warn" goes on without it.'

    def _failure(self, test: WebhookTest | None) -> str:
        """Why the test proves nothing; empty where the receiver answered with success."""
        if test is None:
            self.last = Tested(rfc3339(self._clock()), None, None)
            return "Upvest took the order (202) and does not tell what the receiver answered"
        response = test.response
        self.last = Tested(rfc3339(self._clock()), response.status, response.error)
        if response.error:
            return f"Upvest could not reach the receiver: {response.error}"
        if response.status is None:
            return "Upvest does not tell what the receiver answered"
        if not 200 <= response.status < 300:  # noqa: PLR2004 - the class of success
            return f"the receiver answered {response.status}"
        return ""
