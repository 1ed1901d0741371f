"""A Pulumi stack whose engine and provider run in this process: the rehearsal's rules, without its processes."""

from __future__ import annotations

import contextlib
import copy
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import ConfigureRequest

from tests.faults.around import Killed, Process
from upvest_provider.claims import claim_of, is_claim
from upvest_provider.errors import UpvestError
from upvest_provider.memory import WRITTEN
from upvest_provider.testing.deployment import Deployment, Failed, Goal
from upvest_provider.testing.servicer import Checked, Difference, Found, ProviderError
from upvest_provider.testing.state import Resource, State
from upvest_provider.testing.urn import Namespace
from upvest_provider.testing.wire import from_struct, plain, to_struct
from upvest_provider.webhook import CLAIM, WebhookProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from tests.faults.around import Ends
    from tests.faults.site import Account, Document
    from upvest_provider.testing.outcome import Step
    from upvest_provider.testing.wire import Properties

PROJECT = "hooks"
TYPE = "pulumi-python:dynamic/upvest:Webhook"


@dataclass(frozen=True)
class Hook:
    """A webhook as a program declares it."""

    title: str
    url: str
    type: tuple[str, ...] = ("USER",)
    exclude_type: tuple[str, ...] | None = None
    config: Mapping[str, object] | None = None
    enabled: bool | None = None
    verify: str | None = None
    adopt_id: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def is_enabled(self) -> bool:
        """What the declaration comes to."""
        return self.enabled is not False


@dataclass(frozen=True)
class Call:
    """One call of a provider's method, as it ended.

    Attributes:
        made: The ids of the webhooks that were not in the account before it, but for what another one's request
            made that came late.
        after: What the account held when it failed, by id; others may have gone on since.
    """

    method: str
    name: str
    id: str
    failure: UpvestError | None = None
    made: frozenset[str] = frozenset()
    after: Mapping[str, Document] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """What a check has against the declaration of the resource so named."""

    name: str
    reason: str


@dataclass
class Outcome:
    """What came of one operation.

    Attributes:
        operation: Its name, and whether it refreshes.
        refusals: What checks had against the program.
        errors: What a person reads last, from each resource that failed.
        text: All that a person can read, tracebacks included.
        lines: What the provider said.
        was_killed: Whether the provider's process did not live to tell.
        is_over: Whether the engine was gone before the end.
    """

    operation: str
    calls: list[Call] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    text: str = ""
    was_killed: bool = False
    process: Process | None = None

    @property
    def is_over(self) -> bool:
        return self.was_killed or (self.process is not None and self.process.begun_at_end is not None)

    @property
    def failed(self) -> list[Call]:
        """The calls that ended with an error."""
        return [call for call in self.calls if call.failure]

    @property
    def error(self) -> str:
        """All errors; empty where all went well."""
        return "\n".join(self.errors)

    @property
    def said(self) -> str:
        return "\n".join([*self.lines, self.error])


class InProcess:
    """A provider as the engine sees it, with the wire between them."""

    def __init__(self, provider: WebhookProvider, process: Process, account: Account, outcome: Outcome) -> None:
        self._provider = provider
        self._process = process
        self._account = account
        self._outcome = outcome

    def check(self, olds: Properties, news: Properties) -> Checked:
        with self._call("check", news):
            result = self._provider.check(_received(olds), _received(news))
        failures = tuple((failure.property, failure.reason) for failure in result.failures)
        self._outcome.refusals += [Refusal(str(news["__name"]), " ".join(failure).strip()) for failure in failures]
        return Checked(_sent(result.inputs), failures)

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        with self._call("diff", news, id_):
            result = self._provider.diff(id_, _received(olds), _received(news))
        return Difference(result.changes, tuple(result.replaces or ()), bool(result.delete_before_replace))

    def create(self, inputs: Properties) -> Found:
        with self._call("create", inputs):
            result = self._provider.create(_received(inputs))
        return Found(result.id, _sent(result.outs or {}))

    def read(self, id_: str, outputs: Properties) -> Found:
        with self._call("read", outputs, id_):
            result = self._provider.read(id_, _received(outputs))
        inputs = None if result.inputs is None else _sent(result.inputs)
        return Found(result.id or "", _sent(result.outs or {}), inputs)

    def update(self, id_: str, olds: Properties, news: Properties) -> Properties:
        with self._call("update", news, id_):
            result = self._provider.update(id_, _received(olds), _received(news))
        return _sent(result.outs or {})

    def delete(self, id_: str, outputs: Properties) -> None:
        with self._call("delete", outputs, id_):
            self._provider.delete(id_, _received(outputs))

    @contextlib.contextmanager
    def _call(self, method: str, props: Properties, id_: str = "") -> Iterator[None]:
        """Note how a call ends; what a killed process made of it reaches nobody."""
        before = self._account.webhooks.keys()
        failure: UpvestError | None = None
        try:
            yield
            self._process.require_life()
        except UpvestError as error:
            self._process.require_life()
            failure = error
            self._outcome.text += traceback.format_exc()
            raise ProviderError(str(error)) from None
        finally:
            made = self._made_since(before, str(props[CLAIM])) if method == "create" else frozenset[str]()
            after = self._account.webhooks if failure else {}
            self._outcome.calls.append(Call(method, str(props["__name"]), id_, failure, made, after))

    def _made_since(self, before: Collection[str], claim: str) -> frozenset[str]:
        return frozenset(
            id_
            for id_, webhook in self._account.webhooks.items()
            if id_ not in before and (webhook["title"] == claim or not is_claim(webhook["title"]))
        )


def _received(properties: Properties) -> dict[str, Any]:
    """As a provider's method gets it."""
    return from_struct(to_struct(properties))


def _sent(properties: Mapping[str, object]) -> Properties:
    """As the engine gets it: what is None stays behind."""
    return from_struct(to_struct({name: value for name, value in properties.items() if value is not None}))


class Stack:
    """One stack on one account.

    Attributes:
        program: What it declares, in the order of the program.
        state: What it knows.
    """

    def __init__(self, account: Account, name: str = "dev", program: Mapping[str, Hook] | None = None) -> None:
        self.account = account
        self.name = name
        self.program: dict[str, Hook] = dict(program or {})
        self.state = State()
        self._namespace = Namespace(name, PROJECT)

    def up(self, *, refresh: bool = False, **around: Any) -> Outcome:  # noqa: ANN401 - as `_operate`
        return self._operate("up --refresh" if refresh else "up", refresh=refresh, program=True, **around)

    def preview(self, **around: Any) -> Outcome:  # noqa: ANN401 - as above
        return self._operate("preview", program=True, preview=True, **around)

    def refresh(self, **around: Any) -> Outcome:  # noqa: ANN401 - as above
        return self._operate("refresh", refresh=True, **around)

    def destroy(self, **around: Any) -> Outcome:  # noqa: ANN401 - as above
        return self._operate("destroy", destroy=True, **around)

    @property
    def held(self) -> dict[str, str]:
        """The id of each webhook that the state knows, by the resource's name."""
        return {resource.name: resource.id for resource in self.state.resources}

    @property
    def outputs(self) -> dict[str, Document]:
        """What the state says of each webhook, by id."""
        return {resource.id: plain(resource.outputs) for resource in self.state.resources}

    def claim(self, name: str) -> str:
        """The title of what a resource has begun."""
        return claim_of("organization", PROJECT, self.name, "", name)

    def _operate(
        self,
        operation: str,
        *,
        refresh: bool = False,
        program: bool = False,
        preview: bool = False,
        destroy: bool = False,
        goes_on: bool = False,
        ends: Ends | None = None,
        account: Account | None = None,
        before_request: Callable[[int], None] = lambda _: None,
    ) -> Outcome:
        """Run an operation.

        Args:
            operation: Its name.
            refresh: Whether each webhook is read first.
            program: Whether what the program declares is made.
            preview: Whether to plan only.
            destroy: Whether to delete all.
            goes_on: Whether one failing resource keeps no other back (`--continue-on-error`).
            ends: How the operation ends before its time.
            account: Whose credentials are used; the stack's own where None.
            before_request: Told the number of each request before it is sent.
        """
        account = account or self.account
        site = account.site
        process = Process(site.clock, account.environ, ends, lambda: site.wire.begun, before_request)
        outcome = Outcome(operation, lines=process.lines, process=process)
        provider = WebhookProvider(process.outside())
        provider.configure(ConfigureRequest(config=account.config))
        kept = _Kept(self.state)
        deployment = Deployment(
            copy.deepcopy(self.state),
            save=(lambda _: None) if preview else kept.save,
            dynamic=InProcess(provider, process, self.account, outcome),
            preview=preview,
            replace=(),
        )
        try:
            if refresh:
                deployment.refresh()
            if program:
                for name, hook in self.program.items():
                    _register(deployment, self._goal(name, hook), outcome, goes_on=goes_on)
            if program or destroy:
                deployment.delete_rest()
        except (Failed, ProviderError) as error:
            outcome.errors.append(str(error))
        except Killed:
            outcome.was_killed = True
        finally:
            site.wire.close()
        failures = [repr(call.failure) for call in outcome.failed]
        outcome.text += "\n".join([outcome.said, *failures, repr(provider)])
        outcome.steps = deployment.steps
        self.state = kept.state
        return outcome

    def _goal(self, name: str, hook: Hook) -> Goal:
        inputs: dict[str, object] = {
            "title": hook.title,
            "url": hook.url,
            "type": list(hook.type),
            "exclude_type": None if hook.exclude_type is None else list(hook.exclude_type),
            "config": None if hook.config is None else dict(hook.config),
            "enabled": hook.enabled,
            "verify": hook.verify,
            "adopt_id": hook.adopt_id,
            "__claim": self.claim(name),
            "__name": name,
            "__provider": "a pickle",
        }
        resource = Resource(
            urn=self._urn(name),
            type=TYPE,
            custom=True,
            inputs=_sent(inputs),
            additional_secret_outputs=[WRITTEN],
        )
        former = [self._urn(alias) for alias in hook.aliases]
        return Goal(resource, former, delete_before_replace=True)

    def _urn(self, name: str) -> str:
        return self._namespace.urn("", TYPE, name)


def _register(deployment: Deployment, goal: Goal, outcome: Outcome, *, goes_on: bool) -> None:
    """Make one resource; where it fails and others go on, what the state has of it stays as it is."""
    try:
        deployment.register(goal)
    except (Failed, ProviderError) as error:
        if not goes_on or outcome.is_over:
            raise
        outcome.errors.append(str(error))
        old = deployment._old(goal.resource.urn, goal.former_urns)  # noqa: SLF001 - a rehearsal ends with what fails
        if old:
            deployment._settle("same", old, old)  # noqa: SLF001 - as above


class _Kept:
    """The state as it was last saved: what an operation that is killed leaves."""

    def __init__(self, state: State) -> None:
        self.state = state

    def save(self, state: State) -> None:
        self.state = copy.deepcopy(state)
