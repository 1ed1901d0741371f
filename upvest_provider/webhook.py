"""`UpvestWebhook`: one webhook subscription as a Pulumi resource, and its provider."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypedDict

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from . import rules
from ._pickle_v1 import load
from .accounts import Accounts
from .claims import claim_of
from .declared import Declarations
from .differences import (
    FIELDS,
    as_declared,
    carries_ignored,
    declaration,
    differing,
    history,
    patch,
    waiting,
)
from .errors import EngineGone, NotFound, NotReady, OperationFailed, UpvestError
from .memory import OBSERVED, WRITTEN, is_as_declared, is_as_written, recalled, remembered
from .options import refuse_without_effect
from .outside import Outside
from .overlap import origin
from .readiness import REPORT, EndpointReadiness
from .settings import Settings
from .twins import awaited
from .verification import Verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .api import Webhook
    from .differences import Fields, Written
    from .settings import Account
    from .verification import Verification

State = dict[str, Any]

# Keys that start with two underscores are hidden in Pulumi's displays.
CLAIM = "__claim"
NAME = "__name"
IGNORED = "__ignore_changes"


HANDED_ON = ("gate", "verify", "adopt_id", "account", IGNORED)
"""Inputs beside the API's fields; a refresh gives them back as they stand in the state."""

OUTPUTS_ONLY = ("created_at", "updated_at", "api", "client_id", "last_test")

# A replacement that creates first would subscribe twice. What was written may be the URL, which may be a secret.
_OWN_OPTIONS = pulumi.ResourceOptions(delete_before_replace=True, additional_secret_outputs=[WRITTEN])


class WebhookConfigArgs(TypedDict, total=False):
    """How Upvest gathers events before it sends them; whichever limit is reached first sends the package."""

    delay: pulumi.Input[str]
    """How long events are gathered: whole seconds from `1s` to `30s`. Upvest does not document its default."""
    max_package_size: pulumi.Input[int]
    """Bytes of a package, from 100 to 1048576; one event larger than that is sent all the same."""


@pulumi.output_type
class WebhookConfig(dict[str, Any]):
    """How Upvest gathers events before it sends them, as the API holds it."""

    def __init__(self, *, delay: str | None = None, max_package_size: int | None = None) -> None:
        pulumi.set(self, "delay", delay)
        pulumi.set(self, "max_package_size", max_package_size)

    @property
    @pulumi.getter
    def delay(self) -> str | None:
        """How long events are gathered, as `2s`; older webhooks may hold minutes, as `1m`."""
        return pulumi.get(self, "delay")  # type: ignore[no-any-return] # pulumi.get is untyped

    @property
    @pulumi.getter
    def max_package_size(self) -> int | None:
        """Bytes of a package."""
        return pulumi.get(self, "max_package_size")  # type: ignore[no-any-return] # as above


class UpvestWebhook(Resource, module="upvest", name="Webhook"):
    """A webhook subscription: which events Upvest sends to which URL.

    Upvest creates every webhook disabled. This resource creates it, sets its title and enables it, and an `up`
    that fails on the way leaves nothing behind. Every field is updated in place; nothing needs a replacement.
    A forced one (`--replace`) deletes first, so events of the time between are not delivered.

    The usual resource options apply, but for `custom_timeouts`, `replace_on_changes` and `import_`, which cannot
    work with dynamic resources. After a rename, say `aliases=[pulumi.Alias(name="old name")]`.
    """

    title: pulumi.Output[str]
    """The title as the API holds it."""
    url: pulumi.Output[str]
    """Where Upvest sends events."""
    type: pulumi.Output[list[str]]
    """The event categories subscribed to."""
    exclude_type: pulumi.Output[list[str]]
    """The event categories left out of `ALL`."""
    config: pulumi.Output[WebhookConfig]
    """How events are gathered; numbers are whole numbers."""
    enabled: pulumi.Output[bool]
    """Whether events are sent."""
    created_at: pulumi.Output[str]
    """When the API made the webhook (RFC 3339, UTC)."""
    updated_at: pulumi.Output[str]
    """When the API last changed the webhook (RFC 3339, UTC)."""
    api: pulumi.Output[str]
    """The Upvest environment that the webhook belongs to: `local`, `sandbox`, `live` or a URL."""
    client_id: pulumi.Output[str]
    """The Upvest client that the webhook belongs to."""
    last_test: pulumi.Output[dict[str, Any] | None]
    """The last test delivery that `verify` asked for: `time`, the receiver's `status`, the kind of `error`."""

    def __init__(
        self,
        resource_name: str,
        *,
        title: pulumi.Input[str],
        url: pulumi.Input[str],
        type: pulumi.Input[Sequence[pulumi.Input[str]]],  # noqa: A002 - the API's own name
        exclude_type: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        config: pulumi.Input[WebhookConfigArgs] | None = None,
        enabled: pulumi.Input[bool] | None = None,
        gate: EndpointReadiness | None = None,
        verify: pulumi.Input[str] | None = None,
        adopt_id: pulumi.Input[str] | None = None,
        account: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a webhook subscription.

        Args:
            resource_name: The resource's name in Pulumi.
            title: A name for people: 1 to 100 characters; newer API versions allow 32 of letters, digits,
                space and `( ) [ ] { } . -`, which is warned of.
            url: Where Upvest sends events by POST: https, a DNS name (no IP address), no user, no fragment, at
                most 1000 characters. The receiver must not redirect and should serve TLS 1.2 or newer.
            type: The event categories, as `["USER", "ORDER"]`; `["ALL"]` is every one, also those that Upvest
                adds later. A category that this version does not know is warned of and sent.
            exclude_type: Categories left out; has an effect only beside `["ALL"]`. Default: the API's (none).
                Taken out of the program, it becomes empty.
            config: How events are gathered, see `WebhookConfigArgs`. Default: the API's, for each member.
            enabled: Whether events are sent; default true. What becomes of events meanwhile is not documented.
            gate: The webhook is enabled, and moves to a new URL, only while this gate is open; its checks are
                asked once more then. It is never disabled for a gate.
            verify: Whether Upvest is asked to send a test delivery, before the webhook is enabled and after its
                URL changed: `off` (default); `warn` says what the receiver answered; `require` undoes what the
                call did where the receiver does not answer with success; `after_enable` is `require` for an API
                that tests enabled webhooks only.
            adopt_id: The id of an existing webhook to take over instead of creating one. Read only when the
                resource is created; may be removed afterwards.
            account: Which of the stack's `upvest:accounts` the webhook is of. Default: the only one. A webhook
                cannot move to another.
            opts: Pulumi's resource options.

        Raises:
            ValueError: `opts` has `custom_timeouts`, `replace_on_changes` or `import_`.
        """
        opts = pulumi.ResourceOptions.merge(_OWN_OPTIONS, opts)
        refuse_without_effect(
            resource_name,
            opts,
            {
                "custom_timeouts": "Remove it: each request to Upvest has a time-out of its own.",
                "replace_on_changes": "Remove it: fields are updated in place (`pulumi up --replace` replaces).",
                "import_": f'To take the webhook over, say adopt_id="{opts.import_}" instead.',
            },
        )
        inputs: dict[str, Any] = {
            "title": title,
            "url": url,
            "type": type,
            "exclude_type": exclude_type,
            "config": config,
            "enabled": enabled,
            "gate": None if gate is None else gate.as_input(),
            "verify": verify,
            "adopt_id": adopt_id,
            "account": account,
            CLAIM: _claim(resource_name, opts.parent),
            NAME: resource_name,
            IGNORED: opts.ignore_changes,
        }
        said = {name: value for name, value in inputs.items() if value is not None}
        outputs = dict.fromkeys([*FIELDS, *OUTPUTS_ONLY])
        super().__init__(WebhookProvider(), resource_name, outputs | said, opts)


# Pulumi evaluates them anew for each webhook of a program, and of no other does it make anything.
UpvestWebhook.__annotations__ = {"config": pulumi.Output[WebhookConfig]}


def _claim(name: str, parent: pulumi.Resource | None) -> pulumi.Input[str]:
    def claim(parent_urn: str) -> str:
        return claim_of(pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack(), parent_urn, name)

    if parent is None:
        return claim("")
    # An output of its own, without `parent` as its dependency: a component waits for all its children, so a
    # child that depends on it would wait for ever.
    urn: pulumi.Output[str] = pulumi.Output(set(), parent.urn.future(), parent.urn.is_known())  # type: ignore[arg-type] # the URN is never unknown
    return urn.apply(claim)


class WebhookProvider(ResourceProvider):
    """Creates, reads, compares, updates and deletes webhooks for Pulumi's dynamic provider process.

    One instance serves all webhooks of a stack, from up to four threads. It is pickled by the name of its
    loader alone (see `_pickle_v1`).
    """

    serialize_as_secret_always = False

    def __init__(self, outside: Outside | None = None) -> None:
        self._outside = outside or Outside()
        self._declarations = Declarations()
        self._accounts = self._accounts_of(lambda _: None)

    def __reduce__(self) -> tuple[Callable[..., ResourceProvider], tuple[str, int]]:
        return load, ("webhook", 1)

    def configure(self, req: ConfigureRequest) -> None:
        """Take the stack's configuration; nothing is read from it before the first request."""
        self._accounts = self._accounts_of(req.config.get)

    def _accounts_of(self, config: Callable[[str], str | None]) -> Accounts:
        settings = Settings(config, self._outside.environ, say=self._outside.say)
        return Accounts(settings, self._outside, self._declarations)

    def check(self, olds: State, news: State) -> CheckResult:
        """Offline: what is wrong with the inputs, and defaults for what is not said."""
        inputs = {"enabled": True, **news, **_in_the_forms_of_the_api(news)}
        # Most programs know all that they declare: asked once for all of it.
        is_unknown = pulumi.contains_unknowns if pulumi.contains_unknowns(inputs) else _is_known
        self._declarations.declare(inputs.get(CLAIM))
        account = inputs.get("account")
        faults = rules.faults(inputs, is_unknown)
        if not faults and not is_unknown(account):
            faults = self._accounts.faults(account) or [
                *self._declarations.faults(inputs, self._accounts.name(account), is_unknown),
                *self._faults_of_adoption(inputs, is_unknown),
            ]
        if not faults:
            for doubt in rules.doubts(inputs, olds, is_unknown):
                self._outside.say(f"warning: webhook {inputs.get(NAME)!r}: {doubt}")
        # Of a property that is named apart the engine prints the value, a secret one too (`issueCheckFailures`).
        return CheckResult(inputs, [CheckFailure("", str(fault)) for fault in faults])

    def _faults_of_adoption(self, inputs: State, is_unknown: rules.IsUnknown) -> list[rules.Fault]:
        adopted = inputs.get("adopt_id")
        if adopted is None or is_unknown(adopted):
            return []
        other = self._declarations.adopt(adopted, inputs[NAME], inputs[CLAIM])
        return (
            [rules.Fault("adopt_id", f"must not be the id of {other!r}, which the program has too")]
            if other
            else []
        )

    def diff(self, id_: str, olds: State, news: State) -> DiffResult:
        """Offline: whether the API holds what is declared, as far as the state knows."""
        other = self._declarations.hold(id_, news.get(NAME, ""), olds.get(CLAIM), news.get(CLAIM))
        if other is not None:
            raise _declared_twice(id_, other, news)
        if is_as_declared(olds, news):
            paths = frozenset[str]()
        elif pulumi.contains_unknowns([declaration(news), news.get("account")]):
            return DiffResult(changes=True)  # what is not known yet may become anything
        else:
            paths = _differing(olds, news)
        self._accounts.refuse_other(id_, olds, news.get("account"))
        for path in _held_back_by_its_gate(olds, news, paths):
            self._outside.say(f"webhook {news.get(NAME)!r}: {path} waits for its gate{_of_origin(news['gate'])}")
        return DiffResult(changes=bool(paths) or _is_said_otherwise(olds, news))

    def create(self, props: State) -> CreateResult:
        """Create a webhook, or adopt the one that `adopt_id` names."""
        from .subscription import Enabling, Wanted, fields_of  # noqa: PLC0415 - loads what only requests need

        with _operation("create", props):
            subscriptions, account = self._accounts.named(props.get("account"))
            wanted = Wanted(props[NAME], props[CLAIM], declaration(props))
            verification = subscriptions.verification(Verify(props.get("verify", "off")))
            answers: list[bool] = []

            def opens() -> bool:
                answers.append(self._opens(props))
                return answers[-1]

            enabling = Enabling(opens, verification)
            adopted = props.get("adopt_id")
            webhook = (
                subscriptions.adopt(adopted, wanted, enabling)
                if adopted
                else subscriptions.create(wanted, enabling)
            )
            self._declarations.hold(webhook.id, props[NAME], props[CLAIM])
            observed = fields_of(webhook)
            # What was adopted behind a gate that is shut keeps its URL for now.
            is_elsewhere = adopted and not all(answers) and observed["url"] != props["url"]
            sent = {name: value for name, value in props.items() if not (is_elsewhere and name == "url")}
            outputs = _outputs_after_write(props, observed, sent, None) | _of_the_api(webhook, account)
            return CreateResult(webhook.id, outputs | _last_test(verification, {}))

    def read(self, id_: str, props: State) -> ReadResult:
        """Read a webhook; gone is only what Upvest itself says is gone."""
        from .subscription import fields_of  # noqa: PLC0415 - loads what only requests need

        with _operation("refresh", props, id_):
            subscriptions, account = self._accounts.holding(id_, props)
            webhook = subscriptions.read(id_, props.get("created_at", ""))
            if webhook is None:
                _refuse_missing_look_up(id_, props)
                return ReadResult("", {})
            observed = fields_of(webhook)
            outputs = {**props, **observed, **_of_the_api(webhook, account)}
            if is_as_written(props, observed):
                return ReadResult(id_, outputs)
            written = recalled(props)
            if written is None:  # nobody knows what is declared
                return ReadResult(id_, outputs)
            outputs = {key: value for key, value in outputs.items() if key not in (WRITTEN, OBSERVED)}
            outputs |= remembered(written, observed)
            return ReadResult(id_, outputs, _inputs_after_read(props, observed, written))

    def update(self, id_: str, olds: State, news: State) -> UpdateResult:
        """Send what differs; nothing where nothing does."""
        from .subscription import fields_of  # noqa: PLC0415 - loads what only requests need

        with _operation("update", news, id_):
            observed, ignored = declaration(olds), news.get(IGNORED) or ()
            paths = _differing(olds, news)
            waits = waiting(paths, declaration(news), observed)
            if waits and not self._opens(news):
                paths -= waits
            if not paths:
                kept = {name: olds[name] for name in OUTPUTS_ONLY if name in olds}
                return UpdateResult(_outputs_after_write(news, observed, {}, recalled(olds)) | kept)
            subscriptions, account = self._accounts.holding(id_, olds)
            body = patch(paths, declaration(news), observed, ignored)
            if carries_ignored(body, ignored):  # what others have set since must not go back
                observed = fields_of(subscriptions.get(id_))
                body = patch(paths, declaration(news), observed, ignored)
            verification = subscriptions.verification(Verify(news.get("verify", "off")))
            webhook = subscriptions.update(id_, body, observed, verification, name=news[NAME])
            outputs = _outputs_after_write(news, fields_of(webhook), body, recalled(olds))
            outputs |= _of_the_api(webhook, account)
            return UpdateResult(outputs | _last_test(verification, olds))

    def delete(self, id_: str, props: State) -> None:
        """Delete a webhook, unless the program has it under another name, or is to have it.

        Whatever claim the state holds: one that was renamed by an alias may have an old one. A replacement comes
        here before anything of this process has the webhook.
        """
        adopter = self._declarations.adopter(id_)
        holder = self._declarations.holder(id_)
        if holder is None and adopter and props.get(CLAIM) in adopter.claims:
            holder = adopter.name  # replaced by itself, for its `adopt_id` is still there
        if holder is not None:
            self._outside.say(f"webhook {id_} is kept: the program has it as {holder!r} now")
            return
        with _operation("delete", props, id_):
            if adopter:
                raise awaited(id_, adopter.name)
            subscriptions, _ = self._accounts.holding(id_, props)
            subscriptions.delete(id_, props.get("created_at", ""))

    def _opens(self, props: State) -> bool:
        """Whether the gate lets a webhook be enabled or moved now; its checks are asked once more.

        Raises:
            NotReady: It was open and is not any more, and is to fail then.
        """
        gate = props.get("gate")
        if gate is None:
            return True
        if not gate["ready"]:
            self._outside.say(f"webhook {props[NAME]!r} waits for its gate, {origin(gate['url'])}")
            return False
        from .gates import GATES  # noqa: PLC0415 - DNS and TLS are loaded where a gate is asked

        try:
            GATES.confirm(gate, alive=self._outside.alive)
        except NotReady as error:
            if gate["on_timeout"] != REPORT:
                raise
            self._outside.say(f"warning: webhook {props[NAME]!r} waits: {error}")
            return False
        return True


@contextlib.contextmanager
def _operation(operation: str, props: State, id_: str = "") -> Iterator[None]:
    """Name the operation and the webhook in what fails beneath."""
    which = f"webhook {props.get(NAME)!r}" + (f" ({id_})" if id_ else "")
    try:
        yield
    except NotFound as error:
        raise OperationFailed(
            f"{operation} of {which} failed: it is gone", *error.details, fix="Run `pulumi up --refresh`."
        ) from None
    except EngineGone:
        raise
    except UpvestError as error:
        raise OperationFailed(
            f"{operation} of {which} failed: {error.summary}", *error.details, fix=error.fix
        ) from None


def _is_known(_: object) -> bool:
    return False


def _in_the_forms_of_the_api(news: State) -> State:
    """Numbers cross Pulumi's wire as floats, so 51200.0 is meant as 51200; ids are in lower case."""
    config, adopted = declaration(news).get("config"), news.get("adopt_id")
    return ({} if config is None else {"config": config}) | (
        {"adopt_id": adopted.lower()} if isinstance(adopted, str) else {}
    )


def _refuse_missing_look_up(id_: str, props: State) -> None:
    """A look-up by id brings inputs only, and Pulumi takes an empty answer to it for a success."""
    if "created_at" not in props:
        raise UpvestError(f"this account has no webhook {id_}", fix="Correct the id.")


def _differing(olds: State, news: State) -> frozenset[str]:
    declared, observed, written = declaration(news), declaration(olds), recalled(olds)
    return differing(declared, observed, written, _left_alone(news, declared, observed, written))


def _held_back_by_its_gate(olds: State, news: State, paths: frozenset[str]) -> list[str]:
    """What would differ, beside these paths, were the gate open."""
    if not news.get("gate"):
        return []
    return sorted(_differing(olds, {name: value for name, value in news.items() if name != "gate"}) - paths)


def _of_origin(gate: State) -> str:
    return "" if pulumi.contains_unknowns(gate["url"]) else f", {origin(gate['url'])}"


def _left_alone(props: State, declared: Fields, observed: Fields, written: Written | None) -> frozenset[str]:
    """The paths that are no difference: ignored ones, and what waits for a gate that is closed."""
    ignored = frozenset[str](props.get(IGNORED) or ())
    gate = props.get("gate")
    if not isinstance(gate, dict) or gate.get("ready") is not False:
        return ignored
    return ignored | waiting(differing(declared, observed, written, ignored), declared, observed)


def _outputs_after_write(inputs: State, observed: Fields, sent: Fields, before: Written | None) -> State:
    """The inputs, over them what the API holds, and the history that excuses a later rewriting."""
    written = history(declaration(inputs), observed, sent, before)
    return {**inputs, **observed, **remembered(written, observed)}


def _inputs_after_read(state: State, observed: Fields, written: Written) -> State | None:
    """Exactly the declared names, so that a drift shows as one and nothing else does.

    None, for which Pulumi keeps the inputs that it has, where there is no drift now and was none in the state.
    """
    left_alone = _left_alone(state, written.declared, observed, written)
    inputs = as_declared(written.declared, observed, written, left_alone)
    if inputs == written.declared and declaration(state) == declaration(observed):
        return None
    return inputs | {name: state[name] for name in (*HANDED_ON, CLAIM, NAME) if name in state}


def _is_said_otherwise(olds: State, news: State) -> bool:
    """Whether Pulumi's state has to learn of inputs that concern Upvest in nothing.

    A refresh gives back what the state holds, so what is not written there shows as a change in each.
    """
    other = [name for name in HANDED_ON if (olds.get(name) or None) != (news.get(name) or None)]
    return any(not pulumi.contains_unknowns(news.get(name)) for name in other)


def _declared_twice(webhook_id: str, other: str, news: State) -> UpvestError:
    return UpvestError(
        f"webhook {webhook_id} is declared twice: as {other!r} and as {news.get(NAME)!r}",
        "Each `pulumi up` would change it for the one, and back for the other.",
        "If both are to stay, remove the one with adopt_id, run `pulumi up`, and declare it anew without.",
        fix="Remove one of the two from the program: the webhook stays, as the other's.",
    )


def _of_the_api(webhook: Webhook, account: Account) -> State:
    """The outputs that are no field of the declaration."""
    return {
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
        "api": account.api,
        "client_id": account.client_id,
    }


def _last_test(verification: Verification | None, olds: State) -> State:
    if verification and verification.last:
        return {"last_test": verification.last.as_output()}
    return {"last_test": olds["last_test"]} if "last_test" in olds else {}
