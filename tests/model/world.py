"""Everything that can happen while stacks create webhooks.

What runs is the shipped code down to the wire. In place of the wire stands a small account, and each request is a
decision: whether it is handled, refused, or its answer lost, with the work done before, later or never; whether
the engine is killed meanwhile; which thread goes on.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from tests.model import rules
from tests.model.account import Account, Call, Hook, listed, problem, tested
from tests.model.explorer import Explored, Violation, explore
from tests.model.stacks import Commit, Process, Stack
from tests.model.tasks import BEGIN, FlightOfTask, Look, Task
from tests.model.wire import modelled
from upvest_provider.api.transport import Answer
from upvest_provider.claims import is_claim
from upvest_provider.errors import NoAnswer, UpvestError
from upvest_provider.subscription import Subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.model.explorer import Path
    from tests.model.rules import Rule
    from tests.model.stacks import Attempt
    from upvest_provider.api import UpvestClient


@dataclass(frozen=True)
class Bounds:
    """How much may happen in one execution."""

    faults: int = 0
    """Requests that fail."""
    crashes: int = 0
    """Engines that are killed."""
    late: bool = False
    """Whether the work of a request without an answer may be done at any later time, not only at once or never."""
    lag: int = 0
    """Writes that a list may not show yet."""
    lags: int = 0
    """Lists that lag."""
    pauses: int = 0
    """Times that a shared list becomes too old."""
    attempts: int = 1
    """Of one request, the first included; `limits.ATTEMPTS` is more than a small model needs."""
    runs: int = 3
    """Of a stack; in the last one nothing fails."""


@dataclass(frozen=True)
class Scenario:
    """Who does what, and how much may happen meanwhile."""

    stacks: Callable[[], Sequence[Stack]]
    bounds: Bounds = Bounds()
    there: Sequence[Hook] = ()
    """Webhooks that are there from the beginning."""
    excepted: frozenset[Rule] = frozenset()
    """Rules that are not promised here."""
    subscriptions: type[Subscriptions] = Subscriptions


@dataclass(frozen=True)
class Step:
    """Something that can happen next."""

    told: str
    act: Callable[[], None]


class World:
    """One execution.

    Attributes:
        in_flight: Writes whose work may yet be done, though nobody waits for their answers.
        excused: Webhooks that may be finished without any state that knows them.
        has_lagged: Whether a list did not show all.
        trace: What happened.
    """

    def __init__(self, scenario: Scenario, path: Path, client: UpvestClient, refreshes: Refreshes) -> None:
        self.account = Account(scenario.there, scenario.bounds.lag)
        self.stacks = list(scenario.stacks())
        self.processes: list[Process] = []
        self.in_flight: list[Call] = []
        self.excused: set[str] = set()
        self.has_lagged = False
        self.trace: list[str] = []
        self._scenario = scenario
        self._path = path
        self._client = client
        self._refreshes = refreshes
        self._faults = scenario.bounds.faults
        self._crashes = scenario.bounds.crashes
        self._lags = scenario.bounds.lags
        self._pauses = scenario.bounds.pauses

    def play(self) -> None:
        """Until nothing can happen any more."""
        for stack in self.stacks:
            self._begin_run(stack)
        while steps := list(self._steps()):
            step = steps[self._path.choose(len(steps), self._state)]
            self.trace.append(step.told)
            step.act()
            self._settle()

    def close(self) -> None:
        """End all threads."""
        for attempt in self.attempts():
            attempt.end()

    def attempts(self) -> Iterator[Attempt]:
        for process in self.processes:
            yield from process.attempts

    def held(self) -> list[str]:
        """The ids in all states."""
        return [webhook_id for stack in self.stacks for webhook_id in stack.state.values()]

    def refresh(self, webhook_id: str) -> list[str]:
        """What a refresh of one webhook says."""
        known = (webhook_id, *self.account.hooks.values())
        if known not in self._refreshes:
            self._refreshes[known] = self._refreshed(webhook_id)
        return self._refreshes[known]

    def _refreshed(self, webhook_id: str) -> list[str]:
        lines: list[str] = []

        def read() -> None:
            self._scenario.subscriptions(self._client, say=lines.append).read(webhook_id, "")

        task = Task("refresh", read, shares=False)
        task.start()
        while not task.is_over:
            task.resume(self.account.handle(cast("Call", task.waits_for)))
        return lines

    def _begin_run(self, stack: Stack) -> None:
        claims = {stack.claim(resource) for resource in stack.resources}

        def subscriptions(process: Process) -> Subscriptions:
            return self._scenario.subscriptions(
                self._client,
                say=lambda _: None,
                is_declared=claims.__contains__,
                monotonic=process.monotonic,
            )

        process = Process(stack, subscriptions)
        self.processes.append(process)
        for attempt in process.attempts:
            attempt.start()
            self._note_request(attempt)

    def _state(self) -> object:
        return (
            list(self.account.hooks.values()),
            self.account.past,
            self.in_flight,
            [sorted(stack.state.items()) for stack in self.stacks],
            sorted(self.excused),
            (self._faults, self._crashes, self._lags, self._pauses, self.has_lagged),
            [process.state for process in self.processes],
        )

    # What can happen next.

    def _steps(self) -> Iterator[Step]:
        for attempt in self.attempts():
            yield from self._ways_on(attempt)
        for call in self.in_flight:
            yield Step(f"late: {call}", partial(self._arrive_late, call))
        for process in self.processes:
            if not process.is_over and self._may_fail(process):
                yield from self._ends_of_engine(process)
                if self._pauses and process.shares:
                    yield Step(f"{process.name}: time passes", partial(self._pause, process))

    def _may_fail(self, process: Process) -> bool:
        return process.number < self._scenario.bounds.runs

    def _ways_on(self, attempt: Attempt) -> Iterator[Step]:
        match attempt.waits_for:
            case Call() as call:
                yield from self._answers(attempt, call)
                if self._may_fail(attempt.process):
                    yield from self._faulty_answers(attempt, call)
            case Commit() as commit:
                yield Step(f"{attempt.name}: the state is written", partial(self._commit, attempt, commit))
            case FlightOfTask() as flight:
                if flight.done():
                    yield Step(f"{attempt.name}: has another thread's list", partial(self._resume, attempt))
            case Look() as look:
                if look != BEGIN or attempt.process.may_begin(attempt):
                    yield Step(f"{attempt.name}: {look}", partial(self._resume, attempt))

    def _answers(self, attempt: Attempt, call: Call) -> Iterator[Step]:
        told = f"{attempt.name}: {call}"
        if not call.is_list:
            yield Step(told, lambda: self._answer(attempt, self._handle(call)))
            return
        yield Step(told, partial(self._show, attempt, tuple(self.account.hooks.values())))
        if self._lags and self._may_fail(attempt.process):
            for late, hooks in enumerate(self.account.past, start=1):
                yield Step(f"{told}, {late} late", partial(self._lag, attempt, hooks))

    def _faulty_answers(self, attempt: Attempt, call: Call) -> Iterator[Step]:
        if not self._faults:
            return

        def step(how: str, answer: Answer | UpvestError, *, done: bool = False, late: bool = False) -> Step:
            told = f"{attempt.name}: {call} {how}"
            return Step(told, partial(self._fail, attempt, call, answer, done=done, late=late))

        yield step("refused", problem(403))
        if call.method == "TEST":
            yield step("refused by the receiver", tested(500))
        if not call.is_write:
            return
        lost = NoAnswer("no answer")
        if self._scenario.bounds.late:
            yield step("lost", lost, late=True)
        else:
            yield step("lost before the work", lost)
            yield step("lost after the work", lost, done=True)
        if self._scenario.bounds.attempts > 1 and call.method != "POST":
            # Unclear as well, and not repeated.
            yield step("500 before the work", problem(500))
            yield step("500 after the work", problem(500), done=True)

    def _ends_of_engine(self, process: Process) -> Iterator[Step]:
        # Whether before or after a thread looks at its memory: that is the same to all others.
        if self._crashes and not any(attempt.looks for attempt in process.attempts):
            yield Step(f"{process.name}: the engine is killed", partial(self._kill, process))

    # What happens.

    def _resume(self, attempt: Attempt, given: object = None, told: str = "") -> None:
        attempt.resume(given, told)
        if attempt.failure:
            raise attempt.failure
        self._note_request(attempt)
        if attempt.is_over and attempt.error:
            self._refuse(rules.broken_by_error(self, attempt))
            self.excused |= attempt.finishing & attempt.undeletable

    def _note_request(self, attempt: Attempt) -> None:
        call = attempt.waits_for
        if not isinstance(call, Call):
            return
        self._refuse(rules.broken_by_sending(attempt, call))
        if call.method == "PATCH" and not is_claim(call.body.get("title", "")):
            attempt.finishing.add(call.webhook_id)

    def _answer(self, attempt: Attempt, answer: Answer | UpvestError) -> None:
        call = cast("Call", attempt.waits_for)
        told = f"{answer.status} {answer.body!r}" if isinstance(answer, Answer) else type(answer).__name__
        is_done = isinstance(answer, Answer) and answer.status in {204, 404}
        if call.method == "DELETE" and not is_done:
            attempt.undeletable.add(call.webhook_id)
        self._resume(attempt, answer, told)
        if not attempt.process.has_engine:
            self._wind_up(attempt.process)

    def _handle(self, call: Call) -> Answer:
        if call.is_write:
            sender = self._sender(call)
            self._refuse(rules.broken_by_request(self, sender, call))
            for process in self.processes:
                process.was_disturbed |= process is not sender.process and process.stack is sender.process.stack
        elif call.webhook_id in self.account.hooks:
            self._sender(call).process.shown.add(self.account.hooks[call.webhook_id])
        return self.account.handle(call)

    def _sender(self, call: Call) -> Attempt:
        return next(attempt for attempt in self.attempts() if attempt.name == call.sender)

    def _show(self, attempt: Attempt, hooks: tuple[Hook, ...]) -> None:
        attempt.process.shown.update(hooks)
        self._answer(attempt, listed(hooks))

    def _lag(self, attempt: Attempt, hooks: tuple[Hook, ...]) -> None:
        self._lags -= 1
        self.has_lagged = True
        attempt.process.is_clean = False
        self._show(attempt, hooks)

    def _fail(self, attempt: Attempt, call: Call, answer: Answer | UpvestError, *, done: bool, late: bool) -> None:
        self._faults -= 1
        attempt.process.is_clean = False
        if done:
            self._handle(call)
        if late:
            self.in_flight.append(call)
        self._answer(attempt, answer)

    def _arrive_late(self, call: Call) -> None:
        self.in_flight.remove(call)
        self._sender(call).process.was_disturbed = True
        self._handle(call)

    def _pause(self, process: Process) -> None:
        self._pauses -= 1
        process.pause()

    def _commit(self, attempt: Attempt, commit: Commit) -> None:
        state, name = attempt.process.stack.state, attempt.resource.name
        if commit.webhook_id:
            state[name] = attempt.committed = commit.webhook_id
            self._refuse(rules.broken_by_commit(self, attempt))
        else:
            del state[name]
        self._resume(attempt)

    def _kill(self, process: Process) -> None:
        """The provider lives on as an orphan, and whether its requests do their work stays open.

        One that is killed too is the same to all others, for an orphan sends nothing more: see `Rule.SILENT`.
        """
        self._crashes -= 1
        process.is_clean = False
        process.has_engine = False
        for attempt in process.attempts:
            self.excused |= attempt.finishing
        self._wind_up(process)

    def _wind_up(self, process: Process) -> None:
        """Let an orphan do what changes nothing outside of it; its writes remain."""
        while attempt := next((attempt for attempt in process.attempts if attempt.is_harmless), None):
            call = attempt.waits_for
            if isinstance(call, Call):
                self._answer(attempt, self.account.handle(call))
            else:
                self._resume(attempt)

    # What follows.

    def _settle(self) -> None:
        self.in_flight = [call for call in self.in_flight if self.account.would_change(call)]
        self._refuse(rules.broken_by_state(self))
        for process in self.processes:
            if not process.is_over and not any(attempt.is_awaited for attempt in process.attempts):
                process.is_over = True
                self._refuse(rules.broken_by_run(process))
                if process.stack.unmade and not process.is_clean and self._may_fail(process):
                    self._begin_run(process.stack)
        if not any(attempt.is_awaited for attempt in self.attempts()):
            self._refuse(rules.broken_at_rest(self))

    def _refuse(self, broken: rules.Broken) -> None:
        for rule, what in broken:
            if rule not in self._scenario.excepted:
                raise Violation(rule, what, self.trace)


if TYPE_CHECKING:
    Refreshes = dict[tuple[object, ...], list[str]]


def explored(
    scenario: Scenario, *, merge: bool = True, at_end: Callable[[World], None] = lambda _: None
) -> Explored:
    """All executions of a scenario within its bounds.

    Args:
        scenario: Who does what.
        merge: Cut executions off in states that are known.
        at_end: Told of each execution that was neither cut off nor broke a rule.
    """
    refreshes: Refreshes = {}

    def play(path: Path) -> None:
        world = World(scenario, path, client, refreshes)
        try:
            world.play()
            at_end(world)
        finally:
            world.close()

    with modelled(scenario.bounds.attempts) as client, _on_one_cpu():
        return explore(play, merge=merge)


@contextmanager
def _on_one_cpu() -> Iterator[None]:
    """One thread runs at a time, and handing over to another CPU takes ten times as long."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cpus)[os.getpid() % len(cpus)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cpus)
