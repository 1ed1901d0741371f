"""Stacks and the runs of their programs, as far as Pulumi's engine sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from tests.model.account import Call
from tests.model.tasks import BEGIN, FlightOfTask, ListOfTask, Look, Task
from upvest_provider.claims import claim_of
from upvest_provider.errors import EngineGone, UpvestError
from upvest_provider.limits import LIST_AGE
from upvest_provider.subscription import Enabling, Wanted
from upvest_provider.verification import Verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.model.account import Hook
    from upvest_provider.subscription import Subscriptions

URL = "https://hooks.tenant.tld/users"


@dataclass(frozen=True)
class Resource:
    """A webhook that a program declares."""

    name: str = "users"
    url: str = URL
    new_url: str = ""
    """What the second run and later ones declare."""
    enabled: bool = True
    verify: Verify = Verify.OFF
    adopts: str = ""
    """The id of a webhook that is taken over."""
    replaces: str = ""
    """The id of a webhook that the state holds, and that is deleted first."""


@dataclass
class Stack:
    """A stack and its state."""

    name: str
    resources: Sequence[Resource] = (Resource(),)
    claims_as: str = ""
    """The name in its claims; default: its own."""
    state: dict[str, str] = field(init=False)
    """Ids by resource."""
    runs: int = 0

    def __post_init__(self) -> None:
        self.state = {resource.name: resource.replaces for resource in self.resources if resource.replaces}

    @property
    def unmade(self) -> list[Resource]:
        return [
            resource for resource in self.resources if self.state.get(resource.name, "") in {"", resource.replaces}
        ]

    def claim(self, resource: Resource) -> str:
        return claim_of("acme", "hooks", self.claims_as or self.name, "", resource.name)


@dataclass(frozen=True)
class Commit:
    """A stop before the engine writes an id into the state, or takes it out where it is empty."""

    webhook_id: str


class Attempt(Task):
    """A thread that makes one resource.

    Attributes:
        posted: Ids of the webhooks that its POSTs make.
        finishing: Webhooks whose real title it has sent.
        undeletable: Webhooks whose deletion failed.
        asked_to_delete: What the engine has it delete.
        error: What it ended with.
        committed: The id that the state took from it.
    """

    def __init__(self, process: Process, resource: Resource) -> None:
        super().__init__(f"{process.name}.{resource.name}", self._make, shares=process.shares)
        self.process = process
        self.resource = resource
        self.posted: list[str] = []
        self.finishing: set[str] = set()
        self.undeletable: set[str] = set()
        self.asked_to_delete = process.stack.state.get(resource.name, "")
        self.error: UpvestError | None = None
        self.committed = ""
        url = resource.new_url if resource.new_url and process.number > 1 else resource.url
        declared = {"title": f"Webhook {resource.name}", "url": url, "type": ["USER"], "enabled": resource.enabled}
        self.wanted = Wanted(resource.name, process.stack.claim(resource), declared)

    @property
    def is_awaited(self) -> bool:
        """Whether an engine will take its result."""
        return not self.is_over and self.process.has_engine

    @property
    def looks(self) -> bool:
        """Whether its next step is a look at the memory of its process."""
        match self.waits_for:
            case FlightOfTask() as flight:
                return flight.done()
            case what:
                return isinstance(what, Look) and what != BEGIN

    @property
    def is_harmless(self) -> bool:
        """Whether its next step changes nothing outside of its process, whose engine is gone."""
        match self.waits_for:
            case Call(method=method):
                return method == "GET"
            case what:
                return self.looks or what == BEGIN or isinstance(what, Commit)

    def _make(self) -> None:
        if len(self.process.stack.resources) > 1:
            self.stop(BEGIN)
        subscriptions, adopts = self.process.subscriptions, self.resource.adopts
        try:
            if self.asked_to_delete:
                subscriptions.delete(self.asked_to_delete)
                self.stop(Commit(""))
            enabling = Enabling(verification=subscriptions.verification(self.resource.verify))
            if adopts:
                webhook = subscriptions.adopt(adopts, self.wanted, enabling)
            else:
                webhook = subscriptions.create(self.wanted, enabling)
        except UpvestError as error:
            self.error = error
        else:
            self.stop(Commit(webhook.id))


class Process:
    """The provider process of one run.

    The first run of a stack makes its resources at once, later ones make one after the other.

    Attributes:
        has_engine: Whether its engine is alive.
        is_over: Whether the engine waits for nothing more of it.
        is_clean: Whether nothing has failed in it.
        shown: The webhooks that a list or a look has shown to it.
        was_disturbed: Whether a request that nobody waits for any more did its work meanwhile.
    """

    def __init__(self, stack: Stack, subscriptions: Callable[[Process], Subscriptions]) -> None:
        stack.runs += 1
        self.stack = stack
        self.number = stack.runs
        self.name = f"{stack.name}{stack.runs}"
        self.shares = len(stack.unmade) > 1 and self.number == 1
        self.has_engine = True
        self.is_over = False
        self.is_clean = True
        self.shown: set[Hook] = set()
        self.was_disturbed = False
        self._now = 0.0
        self.subscriptions = subscriptions(self)
        self.attempts = [Attempt(self, resource) for resource in stack.unmade]

    def may_begin(self, attempt: Attempt) -> bool:
        """Whether it is a thread's turn."""
        return self.shares or all(other.is_over for other in self.attempts[: self.attempts.index(attempt)])

    @property
    def state(self) -> object:
        """All that can make a difference to what it will do."""
        if all(attempt.is_over for attempt in self.attempts):
            return self.number
        threads = [(attempt.log, str(attempt.waits_for)) for attempt in self.attempts]
        shared = cast("ListOfTask", self.subscriptions._list).memory if self.shares else None  # noqa: SLF001 - see there
        return self.number, self.has_engine, self.is_over, self.is_clean, self.was_disturbed, shared, threads

    def require_engine(self) -> None:
        if not self.has_engine:
            raise EngineGone("the engine is gone")

    def monotonic(self) -> float:
        self._now += 1e-6
        return self._now

    def pause(self) -> None:
        """Let the shared list become too old."""
        self._now += 2 * LIST_AGE
