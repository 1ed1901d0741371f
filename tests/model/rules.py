"""What must hold, whatever fails."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from upvest_provider.claims import is_claim
from upvest_provider.errors import AlreadySubscribed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.account import Call
    from tests.model.stacks import Attempt, Process
    from tests.model.world import World

    Broken = Iterator[tuple["Rule", str]]


class Rule(StrEnum):
    """Each is checked wherever it could break, not at the end alone."""

    ONCE = "once"
    """No two enabled webhooks at one URL."""
    DISABLED = "disabled"
    """Nothing is enabled under a claim."""
    KNOWN = "known"
    """A finished webhook that no state holds was finished by a run that was killed, or whose clean-up failed."""
    KEPT = "kept"
    """Nothing is deleted that a state holds, unless the engine asks for it, nor what is being adopted."""
    OWN = "own"
    """Nothing is deleted that others made."""
    DECLARED = "declared"
    """What the state takes is there, with the title, the URL and the enabling that are declared."""
    CLEAN = "clean"
    """Where nothing is late, nothing stays unfinished of a resource that the state takes."""
    CONVERGES = "converges"
    """A run without faults ends with a webhook for each resource, or names one that is there already."""
    TOLD = "told"
    """The error of a creation names the id, or the claim, of all that it may have left behind."""
    NAMED = "named"
    """What stays unfinished for good is named by the next refresh."""
    SILENT = "silent"
    """No request goes out once the engine is gone."""


def broken_by_state(world: World) -> Broken:
    """After each step."""
    urls = Counter(hook.url for hook in world.account.hooks.values() if hook.enabled)
    for url, count in urls.items():
        if count > 1:
            yield Rule.ONCE, f"{count} enabled webhooks at {url}"
    accounted_for = world.excused.union(
        world.held(), *(attempt.finishing for attempt in world.attempts() if attempt.is_awaited)
    )
    for hook in world.account.hooks.values():
        if is_claim(hook.title) and hook.enabled:
            yield Rule.DISABLED, f"{hook.id} is enabled under its claim"
        if hook.stack and not is_claim(hook.title) and hook.id not in accounted_for:
            yield Rule.KNOWN, f"no state knows {hook.id}, and nothing excuses it"


def broken_by_sending(attempt: Attempt, call: Call) -> Broken:
    """When a request goes out."""
    if not attempt.process.has_engine:
        yield Rule.SILENT, f"{call} is sent though the engine is gone"


def broken_by_request(world: World, sender: Attempt, call: Call) -> Broken:
    """When a request does its work."""
    hook = world.account.hooks.get(call.webhook_id)
    if call.method != "DELETE" or hook is None:
        return
    if hook.stack != call.stack:
        yield Rule.OWN, f"{call.stack} deletes {hook.id}, which {hook.stack or 'somebody else'} made"
    if hook.id != sender.asked_to_delete and hook.id in world.held():
        yield Rule.KEPT, f"{call.stack} deletes {hook.id}, which a state holds"
    if any(hook.id == attempt.resource.adopts for attempt in world.attempts()):
        yield Rule.KEPT, f"{call.stack} deletes {hook.id}, which it is to adopt"


def broken_by_error(world: World, attempt: Attempt) -> Broken:
    """When a creation fails: what it made, and what its requests on their way may yet do, must be told."""
    told = str(attempt.error)
    claim = attempt.wanted.claim
    on_their_way = [call for call in world.in_flight if call.webhook_id in attempt.posted]
    finishing = {call.webhook_id for call in on_their_way if call.method == "PATCH"}
    for hook in world.account.hooks.values():
        is_finished = not is_claim(hook.title) or hook.id in finishing
        if hook.id not in attempt.posted or (is_finished and hook.id not in attempt.finishing):
            continue  # made or taken over by another run
        if hook.id not in told and (is_finished or claim not in told):
            yield Rule.TOLD, f"{hook.id} is left behind, and the error does not name it:\n{told}"
        if is_finished and hook.id not in attempt.undeletable | world.excused:
            yield Rule.KNOWN, f"{hook.id} may be enabled, and nobody tried to delete it"
    if any(call.method == "POST" for call in on_their_way) and claim not in told:
        yield Rule.TOLD, f"a webhook may show up late, and the error does not name its claim:\n{told}"


def broken_by_commit(world: World, attempt: Attempt) -> Broken:
    """When the state takes a webhook."""
    if attempt.resource.adopts and attempt.process.was_disturbed:
        return  # An orphan that goes back is one more that changes it; a refresh shows that.
    declared, hook = attempt.wanted.declared, world.account.hooks.get(attempt.committed)
    if hook is None:
        yield Rule.DECLARED, f"{attempt.committed} does not exist"
    elif (hook.title, hook.url, hook.enabled) != (declared["title"], declared["url"], declared["enabled"]):
        yield Rule.DECLARED, f"{hook} is not what is declared: {declared}"
    if world.has_lagged or attempt.process.was_disturbed:
        return
    for other in world.account.hooks.values():
        if other.title == attempt.wanted.claim:
            yield Rule.CLEAN, f"{other.id} stays unfinished"


def broken_by_run(process: Process) -> Broken:
    """When a run ends."""
    if not process.is_clean:
        return
    for attempt in process.attempts:
        if attempt.committed:
            continue
        url = attempt.wanted.declared["url"]
        twins = [hook for hook in process.shown if hook.url == url and not is_claim(hook.title)]
        if not isinstance(attempt.error, AlreadySubscribed):
            yield Rule.CONVERGES, f"a run without faults ends with {attempt.error!r}"
        elif not any(hook.id in str(attempt.error) for hook in twins):
            yield Rule.CONVERGES, f"the error names none of {twins}: {attempt.error}"


def broken_at_rest(world: World) -> Broken:
    """When nobody does anything any more, but for requests that may arrive late or never."""
    unfinished = [hook for hook in world.account.hooks.values() if is_claim(hook.title)]
    held = world.held()
    if not unfinished or not held:
        return
    lines = "\n".join(world.refresh(held[0]))
    for hook in unfinished:
        if hook.id not in lines:
            yield Rule.NAMED, f"{hook.id} stays unfinished, and a refresh does not name it"
