"""What holds after every operation, whatever failed in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from upvest_provider.errors import EngineGone, OperationFailed
from upvest_provider.local import FaultKind
from upvest_provider.overlap import normalised, shared_categories

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.faults.site import Account, Document
    from tests.faults.stack import Call, Outcome, Refusal, Stack
    from upvest_provider.errors import UpvestError
    from upvest_provider.local import LoggedRequest, Met

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Violation(AssertionError):
    """An invariant does not hold."""


@dataclass(frozen=True)
class Owner:
    """The resource that a webhook was made for."""

    stack: str
    name: str


@dataclass
class Seen:
    """One operation and what it changed.

    Attributes:
        before: The account's webhooks by id, and `after`.
        held_before: The ids in the stack's state by the resource's name, and `held`.
        outputs: What that state says of each webhook now, by id.
        held_elsewhere: The ids in other stacks' states.
        owners: Who a webhook was made for or belongs to, by its id.
        foreign: The ids of those that are nobody's.
        orphans: The ids of enabled webhooks that no state knows and that were told of before.
        hidden: The ids of what an earlier operation left and a list that lagged may have hidden since.
        met: Which requests met a fault.
        requests: What the API did.
        begun: How many requests were begun by now.
        wrong: Whether a stranger's credentials were used.
        list_lags: Whether lists do not show what was written before.
        reads_lag: Whether the reading of one webhook does not.
        later: Whether what was held has arrived since; what was done in the operation stays so.
        call: Whose text is looked at; None for what was said on the way.
        told_before: What earlier operations said, where what they sent arrived in this one.
    """

    stack: Stack
    outcome: Outcome
    before: Mapping[str, Document]
    after: Mapping[str, Document]
    held_before: Mapping[str, str]
    held: Mapping[str, str]
    outputs: Mapping[str, Document]
    held_elsewhere: frozenset[str]
    owners: Mapping[str, Owner]
    foreign: frozenset[str]
    orphans: Mapping[str, str]
    hidden: frozenset[str]
    met: Sequence[Met]
    requests: Sequence[LoggedRequest]
    begun: int
    wrong: bool
    list_lags: bool
    reads_lag: bool
    later: bool = False
    call: Call | None = None
    told_before: str = ""

    @property
    def new_orphans(self) -> list[str]:
        known = {*self.held.values(), *self.held_elsewhere, *self.foreign, *self.orphans}
        return [id_ for id_, webhook in self.after.items() if webhook["enabled"] and id_ not in known]

    @property
    def own(self) -> frozenset[str]:
        """The ids of what the stack held or holds, and of what the operation made."""
        made = frozenset[str]().union(*(call.made for call in self.outcome.calls))
        return made.union(self.held_before.values(), self.held.values())

    def made_by(self, call: Call) -> frozenset[str]:
        """The ids of what a call made and left, that which arrived after it included."""
        claim = self.stack.claim(call.name)
        return frozenset(
            id_
            for id_ in self.after.keys() - self.before.keys()
            if id_ in call.made or self.after[id_]["title"] == claim
        )

    @property
    def lied_about(self) -> frozenset[str]:
        """The ids of which the API said that they do not exist: by a fault, or because its reading lies behind."""
        by_fault = [met.path for met in self.met if met.fault.kind == FaultKind.STATUS and met.fault.status == 404]
        behind = [
            request.path
            for request in self.requests
            if self.reads_lag and (request.method, request.status) == ("GET", 404)
        ]
        return frozenset(path.removeprefix("/webhooks/") for path in (*by_fault, *behind))

    @property
    def texts(self) -> list[tuple[str, Call | None]]:
        """What a person reads, each with the call that ended with it."""
        of_calls = [(str(call.failure), call) for call in self.outcome.failed]
        others = [error for error in self.outcome.errors if error not in {text for text, _ in of_calls}]
        return [*of_calls, *((text, None) for text in ("\n".join(self.outcome.lines), *others))]

    def names(self, webhook_id: str, webhook: Document) -> bool:
        """Whether the person was told of a webhook: its id, or the title of unfinished work."""
        return webhook_id in self.outcome.said or webhook["title"] in self.outcome.said + self.told_before


def same_events(one: Document, other: Document) -> bool:
    """Whether two webhooks deliver the same events to the same place."""
    return normalised(one["url"]) == normalised(other["url"]) and bool(
        shared_categories(
            one["type"], one.get("exclude_type") or (), other["type"], other.get("exclude_type") or ()
        )
    )


def no_webhook_delivers_twice(seen: Seen) -> None:
    """(a) Never two enabled subscriptions for one declared webhook."""
    enabled = [
        (id_, webhook) for id_, webhook in seen.after.items() if webhook["enabled"] and id_ not in seen.foreign
    ]
    for index, (id_, webhook) in enumerate(enabled):
        for other_id, other in enabled[:index]:
            is_hidden = not seen.hidden.isdisjoint({id_, other_id})
            if seen.owners[id_] == seen.owners[other_id] and same_events(webhook, other) and not is_hidden:
                raise Violation(f"(a) {seen.owners[id_]} is subscribed twice: {other_id} and {id_}")


def nothing_begins_to_deliver_beside_another(seen: Seen) -> None:
    """(a) No operation has a webhook deliver what one that is not of its stack delivers there already."""
    if seen.list_lags:
        return
    enabled = {id_: webhook for id_, webhook in seen.after.items() if webhook["enabled"]}
    for id_ in seen.own & enabled.keys():
        for other_id in enabled.keys() - seen.own:
            if _both_deliver(enabled, id_, other_id) and not _both_deliver(seen.before, id_, other_id):
                raise Violation(f"(a) {id_} delivers now what {other_id} delivers already")


def _both_deliver(webhooks: Mapping[str, Document], one: str, other: str) -> bool:
    if not {one, other} <= webhooks.keys():
        return False
    first, second = webhooks[one], webhooks[other]
    return first["enabled"] and second["enabled"] and same_events(first, second)


def what_no_state_knows_is_disabled_or_named(seen: Seen) -> None:
    """(b) An enabled webhook that no state knows is left only by an operation's own end, or it is named."""
    for id_ in seen.new_orphans:
        named = re.search(rf"left behind.*{id_}", seen.outcome.said, re.IGNORECASE)
        if not (seen.outcome.is_over or named or id_ in seen.lied_about):
            raise Violation(f"(b) {id_} is enabled, and neither a state nor the message knows it")


def a_failed_adoption_goes_back_or_says_that_it_did_not(seen: Seen) -> None:
    """(b) What was to be adopted has its old values, but for an operation's own end."""
    for id_ in seen.foreign - {*seen.held.values()}:
        changed = {id_} <= seen.before.keys() & seen.after.keys() and not _is_unchanged(seen, id_)
        if changed and not (seen.outcome.is_over or re.search(MAY_BE_NEW.format(id_), seen.outcome.said)):
            raise Violation(f"(b) {id_} was not adopted, has new values, and nobody says so")


MAY_BE_NEW = r"{0} may hold the new values|{0} was set back to its old .*\n.*new values may stay"


def nothing_leaves_the_state_but_what_is_gone_or_was_to_go(seen: Seen) -> None:
    """(c) A webhook leaves the state only if it was deleted as the program wants, or Upvest says it is gone."""
    for name, id_ in seen.held_before.items():
        if id_ in {*seen.held.values(), *seen.lied_about} or id_ not in seen.before:
            continue
        if not (_was_to_go(seen, name) and id_ not in seen.after):
            raise Violation(f"(c) {name} ({id_}) was dropped from the state")


def nothing_is_deleted_that_a_state_holds(seen: Seen) -> None:
    """(c) What is deleted was to be deleted: out of the program, or this stack's own unfinished work."""
    names = {id_: name for name, id_ in seen.held_before.items()}
    claims = {seen.stack.claim(name) for name in [*seen.stack.program, *names.values()]}
    for id_ in seen.before.keys() - seen.after.keys():
        if id_ in seen.held_elsewhere:
            raise Violation(f"(c) {id_} was deleted, and another stack holds it")
        is_declared = any(id_ == held and name in seen.stack.program for name, held in seen.held.items())
        if is_declared and seen.outcome.operation != "destroy":
            raise Violation(f"(c) {id_} was deleted, and is held under a name that the program has")
        if id_ in names:
            allowed = _was_to_go(seen, names[id_])
        else:
            allowed = seen.before[id_]["title"] in claims or (id_ in seen.orphans and id_ not in seen.foreign)
        if not allowed:
            raise Violation(f"(c) {id_} ({names.get(id_)}, {seen.before[id_]['title']}) was deleted")


def what_is_to_be_taken_over_is_not_deleted_before(seen: Seen) -> None:
    """(c) What another resource is to adopt and has not, or was refused for, is not deleted."""
    if seen.outcome.operation == "destroy":
        return
    awaited = {hook.adopt_id for name, hook in seen.stack.program.items() if name not in seen.held}
    for call in seen.outcome.failed:
        summary = call.failure.summary if call.failure else ""
        # A webhook that is there and whose change the API refuses delivers on.
        if call.method == "create" or (call.method == "update" and TAKEN not in summary):
            awaited.update(re.findall(rf"webhook ({UUID})", summary))
    for id_ in awaited & (seen.before.keys() - seen.after.keys()):
        raise Violation(f"(c) {id_} was deleted, and what is to take its place has not")


def _was_to_go(seen: Seen, name: str) -> bool:
    return seen.outcome.operation == "destroy" or name not in _names_kept(seen.stack)


def _names_kept(stack: Stack) -> set[str]:
    aliases = {alias for hook in stack.program.values() for alias in hook.aliases}
    return stack.program.keys() | aliases


def what_belongs_to_others_is_left_alone(seen: Seen) -> None:
    """(c) Nobody else's webhook is changed or deleted."""
    wanted = {hook.adopt_id for hook in seen.stack.program.values()}
    others = (seen.foreign | seen.held_elsewhere) - {*seen.held.values()} - wanted
    for id_ in others & seen.before.keys():
        if seen.before[id_] != seen.after.get(id_):
            raise Violation(f"(c) {id_} is somebody else's and was changed")


def the_wrong_account_changes_nothing(seen: Seen) -> None:
    """(c) With another account's credentials neither the state nor any account changes."""
    process = seen.outcome.process
    asked = process is not None and bool(process.requests)
    if seen.wrong and (seen.before != seen.after or seen.held != seen.held_before or asked):
        raise Violation("(c) something was asked or changed with the wrong account's credentials")


def what_is_left_behind_is_named(seen: Seen) -> None:
    """(e) An operation names every webhook that it made and that no state knows, where it can see them."""
    if seen.outcome.was_killed or seen.list_lags:
        return
    held = {*seen.held.values()}
    for call in seen.outcome.calls:
        for id_ in call.made & seen.after.keys() - held:
            if not seen.names(id_, seen.after[id_]):
                raise Violation(f"(e) {id_} was left behind and is not named")


def an_error_is_for_the_person_at_the_terminal(seen: Seen) -> None:
    """(e) It names operation, webhook and cause in its first line, and the next step in its last."""
    for call in seen.outcome.failed:
        if call.failure:
            _is_for_the_person(call, call.failure)


def _is_for_the_person(call: Call, failure: UpvestError) -> None:
    if not failure.fix.strip() or failure.fix != str(failure).splitlines()[-1]:
        raise Violation("(e) the error does not end with a next step")
    if not failure.fix.endswith("."):
        raise Violation(f"(e) the next step is no sentence: {failure.fix}")
    if isinstance(failure, EngineGone):
        return
    if isinstance(failure, OperationFailed):
        operation = {"read": "refresh"}.get(call.method, call.method)
        id_ = f" ({call.id})" if call.id else ""
        begins = f"{operation} of webhook '{call.name}'{id_} failed: "
        if not failure.summary.startswith(begins):
            raise Violation(f"(e) the first line does not begin with {begins!r}")
        if not re.search(CAUSE, failure.summary.removeprefix(begins)):
            raise Violation(f"(e) the first line tells no cause: {failure.summary}")
    elif not (call.id and call.id in failure.summary) and f"'{call.name}'" not in failure.summary:
        raise Violation("(e) the first line names no webhook")


CAUSE = r"^\S+ \S+.*[^\s:]$"
"""Words, not the bare name of an exception, and no colon that nothing comes behind."""


def a_refusal_is_for_the_person_at_the_terminal(seen: Seen) -> None:
    """(e) What is refused offline names the webhook, what it must be, and the way out where another is in its way."""
    outcome = seen.outcome
    if outcome.error and not (outcome.failed or outcome.refusals):
        raise Violation("(e) it failed, and nothing says why")
    for refusal in outcome.refusals:
        if f"'{refusal.name}'" not in outcome.error or refusal.reason not in outcome.error:
            raise Violation(f"(e) it is not told what is refused: {refusal}")
        if not re.match(r"\w+ must (?:not )?\w+ \S", refusal.reason):
            raise Violation(f"(e) it is not told which property must be what: {refusal.reason}")
        if "must not share" in refusal.reason and not _leads_on(seen.stack, refusal):
            raise Violation(f"(e) the other webhook or the next step is missing: {refusal.reason}")


def _leads_on(stack: Stack, refusal: Refusal) -> bool:
    others = [name for name in stack.program if name != refusal.name and f"'{name}'" in refusal.reason]
    return bool(others) and re.search(NEXT_STEP, refusal.reason) is not None


NEXT_STEP = r"(?i)[.:;,] (?:or )?(?:change|choose|declare|exclude|give|leave|let|move|remove|subscribe|take|use)\b"
"""What to do, said as such."""


def an_unknown_outcome_ends_with_a_refresh(seen: Seen) -> None:
    """(e) What failed, and changed or deleted a webhook that the state still holds, ends with a look at it."""
    if seen.outcome.is_over:
        return
    known = {call.id for call in seen.outcome.calls if call.method == "update" and not call.failure}
    for call in seen.outcome.failed:
        is_write = call.method in {"update", "delete"} and call.id not in known
        if not is_write or call.id not in {*seen.held.values()} & seen.before.keys():
            continue
        if (
            not (_is_unchanged(seen, call.id) or _is_as_known(seen, call.id))
            and call.failure
            and "`pulumi up --refresh`" not in call.failure.fix
        ):
            raise Violation(f"(e) {call.id} was changed by what failed, and the next step does not look at it")


def what_is_said_to_be_done_was_done(seen: Seen) -> None:
    """(e) `updated webhook ID` and the like stand only where the API did so."""
    done: set[tuple[str, str]] = set()
    for request in seen.requests:
        if request.status < 300 and request.path.startswith("/webhooks/"):
            verb = {"PATCH": "updated", "DELETE": "deleted", "POST": "tested"}.get(request.method, "read")
            done.add((verb, request.path.split("/")[2]))
    for line in seen.outcome.lines:
        said = re.match(r"(updated|deleted|tested) webhook (\S+) ", line)
        if said and (said[1], said[2]) not in done:
            raise Violation(f"(e) it is said, and was not done: {line}")


def _is_gone(seen: Seen, said: re.Match[str]) -> bool:
    return said[1] not in seen.after or said[1] in seen.lied_about


def _was_gone(seen: Seen, said: re.Match[str]) -> bool:
    """Also for the second of two names that hold one webhook."""
    was_deleted_before = f"deleted webhook {said[1]} " in said.string[: said.start()]
    return was_deleted_before or said[1] not in {*seen.before, *seen.after} or said[1] in seen.lied_about


def _is_there(seen: Seen, said: re.Match[str]) -> bool:
    return said[1] in seen.after


def _is_as_before(seen: Seen, said: re.Match[str]) -> bool:
    return _is_unchanged(seen, said[1])


def _is_unchanged(seen: Seen, webhook_id: str) -> bool:
    """Whether a webhook is there and means what it meant before."""
    return _mean_the_same(seen.before.get(webhook_id), seen.after.get(webhook_id))


def _is_as_known(seen: Seen, webhook_id: str) -> bool:
    """Whether a webhook is as the state has it, which knows nothing of what an interrupted run has set."""
    return _mean_the_same(seen.outputs.get(webhook_id), seen.after.get(webhook_id))


def _mean_the_same(one: Document | None, other: Document | None) -> bool:
    return one is not None and other is not None and _meaning(one) == _meaning(other)


def _was_not_changed(seen: Seen, said: re.Match[str]) -> bool:
    """Also where somebody deleted it before."""
    return _is_as_before(seen, said) or said[1] not in {*seen.before, *seen.after}


def _meaning(webhook: Document) -> Document:
    """The fields that a write can set, without what a server may spell otherwise."""
    lists = {name: set(webhook.get(name) or ()) for name in ("type", "exclude_type")}
    return {
        "url": normalised(webhook["url"]),
        **{name: webhook[name] for name in ("title", "config", "enabled")},
        **lists,
    }


def _nothing_was_made(seen: Seen, _: re.Match[str]) -> bool:
    return seen.call is not None and not seen.made_by(seen.call) - seen.lied_about


def _nothing_was_written(seen: Seen, said: re.Match[str]) -> bool:
    call = seen.call
    return (
        call is not None and _nothing_was_made(seen, said) and seen.before.get(call.id) == seen.after.get(call.id)
    )


def _none_so_titled_is_enabled(seen: Seen, said: re.Match[str]) -> bool:
    return not any(webhook["enabled"] for webhook in seen.after.values() if webhook["title"] == said[1])


def _was_not_deleted(seen: Seen, said: re.Match[str]) -> bool:
    return _is_there(seen, said) or said[1] not in seen.before


def _is_enabled(seen: Seen, said: re.Match[str]) -> bool:
    return seen.list_lags or (said[1] in seen.after and seen.after[said[1]]["enabled"])


def _both_delivered(seen: Seen, said: re.Match[str]) -> bool:
    # A held request may arrive between the snapshot and the list.
    written = {request.path for request in seen.requests if request.method == "PATCH"}
    has_changed = not written.isdisjoint({f"/webhooks/{said[1]}", f"/webhooks/{said[2]}"})
    return seen.list_lags or has_changed or _both_deliver(seen.before, said[1], said[2])


def _is_disabled(seen: Seen, said: re.Match[str]) -> bool:
    return seen.list_lags or (said[1] in seen.after and not seen.after[said[1]]["enabled"])


SAID: tuple[tuple[str, Callable[[Seen, re.Match[str]], bool]], ...] = (
    (r"created webhook (\S+) ", lambda seen, said: said[1] not in seen.before),
    (r"webhook (\S+) was already gone", _was_gone),
    (r"webhook (\S+) is gone", _is_gone),
    (r"\((\S+)\) failed: it is gone", _is_gone),
    (r"adopt_id is (\S+), and this account has no such webhook", _is_gone),
    (r"webhook (\S+), made on the way, was deleted again", _is_gone),
    (r"webhook (\S+) is kept", _was_not_deleted),
    (r"(?<!was )left behind: webhook ([^\s,.]+)", _is_there),
    (r"titled (pulumi-[0-9a-f]+)", _none_so_titled_is_enabled),
    (r"webhook (\S+) is as it was", _is_as_before),
    (r"webhook (\S+) was not changed", _was_not_changed),
    (r"Nothing was deleted: the events of webhook (\S+) would", _was_not_deleted),
    (
        r"webhook (\S+) was set back to its old values\.",
        lambda seen, said: seen.later or _is_as_before(seen, said) or _is_as_known(seen, said[1]),
    ),
    (r"webhook ([0-9a-f-]{36}).* (?:already|still) delivers", _is_enabled),
    (r"webhook ([0-9a-f-]{36}).* is subscribed to .*, though disabled", _is_disabled),
    (r"webhooks (\S+) \(.*\) and (\S+) \(.*\) both deliver", _both_delivered),
    (r"until webhook (\S+), which is of this stack too", lambda seen, said: said[1] in seen.own),
    (r"Nothing was (?:left behind|created)|POST /webhooks was not sent", _nothing_was_made),
    (r"Nothing was (?:written|sent)", _nothing_was_written),
)
"""What a text can say of the account, and whether it is so. What a text leaves open ('may', 'perhaps') is not here."""


def what_is_said_of_the_account_is_true(seen: Seen) -> None:
    """(e) What a person reads of the account is what the API's own store holds."""
    for text, call in seen.texts:
        then = replace(seen, call=call, after=call.after if call and not seen.later else seen.after)
        for pattern, is_so in SAID:
            for said in re.finditer(pattern, text, re.IGNORECASE):
                if not is_so(then, said):
                    raise Violation(f"(e) it is said, and is not so: {said[0]}")


def what_the_next_up_is_said_to_remove_is_removed(seen: Seen) -> None:
    """(e) Nothing that an earlier run left unfinished is there once its resource is created."""
    created = {step.name for step in seen.outcome.steps if step.kind == "create"} & seen.held.keys()
    for name in created if not seen.list_lags else ():
        for id_ in seen.before.keys() & seen.after.keys() - {seen.held[name]} - seen.lied_about:
            if seen.before[id_]["title"] == seen.after[id_]["title"] == seen.stack.claim(name):
                raise Violation(f"(e) {name} was created, and its unfinished {id_} is still there")


def every_request_is_one_that_the_api_takes(seen: Seen) -> None:
    """What is sent is understood; only what nobody can know beforehand is refused."""
    for request in seen.requests:
        is_taken = request.status in {200, 201, 202, 204, 401, 404}
        is_conflict = request.status == 409 and (request.path.endswith("/test") or TAKEN in request.detail)
        if not is_taken and not is_conflict:
            raise Violation(f"{request.method} {request.path} was answered {request.status}: {request.detail}")


TAKEN = "has it already"
"""What the API says where only one webhook may have a title or a URL."""


def nothing_is_sent_once_the_engine_is_gone(seen: Seen) -> None:
    """(f) No request is begun once the engine's end could be seen."""
    process = seen.outcome.process
    if process and process.begun_at_end is not None and process.begun_at_end != seen.begun:
        raise Violation(f"(f) {seen.begun - process.begun_at_end} requests were begun after the engine was gone")


def no_secret_is_told(seen: Seen) -> None:
    """No text that anybody can read holds a secret: messages, tracebacks, what was logged, representations."""
    account = seen.stack.account
    records = account.site.records.taken()
    for what, secret in account.canaries.items():
        for where, text in (("what was said", seen.outcome.text), ("the log", records)):
            if secret in text:
                place = text.index(secret)
                raise Violation(f"{what} stands in {where}: …{text[max(0, place - 80) : place]}…")


INVARIANTS: tuple[Callable[[Seen], None], ...] = (
    no_webhook_delivers_twice,
    nothing_begins_to_deliver_beside_another,
    what_no_state_knows_is_disabled_or_named,
    a_failed_adoption_goes_back_or_says_that_it_did_not,
    nothing_leaves_the_state_but_what_is_gone_or_was_to_go,
    nothing_is_deleted_that_a_state_holds,
    what_is_to_be_taken_over_is_not_deleted_before,
    what_belongs_to_others_is_left_alone,
    the_wrong_account_changes_nothing,
    what_is_left_behind_is_named,
    an_error_is_for_the_person_at_the_terminal,
    a_refusal_is_for_the_person_at_the_terminal,
    an_unknown_outcome_ends_with_a_refresh,
    what_is_said_to_be_done_was_done,
    what_is_said_of_the_account_is_true,
    what_the_next_up_is_said_to_remove_is_removed,
    every_request_is_one_that_the_api_takes,
    nothing_is_sent_once_the_engine_is_gone,
    no_secret_is_told,
)


@dataclass
class Watch:
    """Follows the stacks on one account from operation to operation.

    Attributes:
        owners: See `Seen`.
        orphans: Enabled webhooks that no state knows, and why that may be.
        hidden: See `Seen`.
        known: The ids of all webhooks that there ever were.
        told: All that a person was told so far.
        last: The last operation.
    """

    account: Account
    stacks: Sequence[Stack]
    owners: dict[str, Owner] = field(default_factory=dict)
    orphans: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    told: str = ""
    operations: int = 0
    last: Seen | None = None
    _awaits: Seen | None = None

    def over(self, stack: Stack, operate: Callable[[], Outcome], *, wrong: bool = False) -> Outcome:
        """Run an operation, and see that every invariant holds after it."""
        self.learn()
        self._know_what_arrived_late()
        site = self.account.site
        last_request, before, held_before = site.last_request, self.account.webhooks, stack.held
        is_first = not site.held
        outcome = operate()
        self.operations += 1
        for call in outcome.calls:
            self.owners.update(dict.fromkeys(call.made, Owner(stack.name, call.name)))
        told_before = "" if is_first or site.held else self.told
        self.told += f"\n{outcome.said}"
        self.learn()
        seen = Seen(
            stack=stack,
            outcome=outcome,
            before=before,
            after=self.account.webhooks,
            held_before=held_before,
            held=stack.held,
            outputs=stack.outputs,
            held_elsewhere=frozenset(
                id_ for other in self.stacks if other is not stack for id_ in other.held.values()
            ),
            owners=self.owners,
            foreign=frozenset(self.account.foreign),
            orphans=self.orphans,
            hidden=frozenset(self.hidden),
            met=site.upvest.faults.met,
            requests=site.requests(last_request),
            begun=site.wire.begun,
            wrong=wrong,
            list_lags=site.list_lags,
            reads_lag=site.reads_lag,
            told_before=told_before,
        )
        if seen.list_lags:
            seen = replace(seen, hidden=self._hide(seen))
        self.known |= {request.path.split("/")[2] for request in seen.requests if "/webhooks/" in request.path}
        self.check(seen)
        self.orphans.update(dict.fromkeys(seen.new_orphans, outcome.said))
        self.last = seen
        self._awaits = seen if is_first else None
        return outcome

    def _hide(self, seen: Seen) -> frozenset[str]:
        """The one thing that is not promised of lists that lag: that they show what an earlier run left.

        What delivers the same events, or will where its enabling is on its way, is made beside it then.
        """
        held = {*seen.held_before.values(), *seen.held_elsewhere, *seen.foreign}
        left = {id_ for id_ in seen.before.keys() - held if seen.owners[id_].stack == seen.stack.name}
        for id_ in left & seen.after.keys():
            others = (seen.own & seen.after.keys()) - {id_}
            if any(same_events(seen.after[id_], seen.after[other]) for other in others):
                self.hidden.add(id_)
        return frozenset(self.hidden)

    def arrive(self) -> None:
        """Have all that is held arrive; what was said of the account allows for it.

        That is asked of the operation whose requests these are, where nobody was at the account since.
        """
        last = self._awaits if self._awaits and self._awaits.after == self.account.webhooks else None
        self.account.site.arrive()
        if last:
            self.check(
                replace(last, after=self.account.webhooks, later=True), (what_is_said_of_the_account_is_true,)
            )

    def _know_what_arrived_late(self) -> None:
        """What became enabled between two operations is no operation's fault."""
        held = {id_ for stack in self.stacks for id_ in stack.held.values()}
        for id_, webhook in self.account.webhooks.items():
            if webhook["enabled"] and id_ not in held | self.account.foreign:
                self.orphans.setdefault(id_, "arrived late")

    def check(self, seen: Seen, invariants: Sequence[Callable[[Seen], None]] = INVARIANTS) -> None:
        for invariant in invariants:
            try:
                invariant(seen)
            except Violation as violation:
                raise Violation(
                    f"{violation}\nafter {seen.outcome.operation}, which said:\n{seen.outcome.said}"
                ) from None

    def learn(self) -> None:
        """See whose each webhook is: the state that holds it decides, else the title of unfinished work."""
        for stack in self.stacks:
            for name, id_ in stack.held.items():
                self.owners[id_] = Owner(stack.name, name)
                self.account.foreign.discard(id_)
                self.orphans.pop(id_, None)
        self.known |= self.account.webhooks.keys()
        for id_, webhook in self.account.webhooks.items():
            if id_ not in self.owners and id_ not in self.account.foreign:
                self.owners[id_] = self._owner_of_claim(webhook["title"])

    def _owner_of_claim(self, title: str) -> Owner:
        for stack in self.stacks:
            for name in {*stack.program, *stack.held, "users", "orders", "trades"}:
                if stack.claim(name) == title:
                    return Owner(stack.name, name)
        raise Violation(f"nobody made the webhook titled {title!r}")
