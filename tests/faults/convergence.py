"""Runs without faults until account and program agree, along the ways out that the errors name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.faults.invariants import TAKEN, UUID, Violation, same_events
from upvest_provider.claims import is_claim
from upvest_provider.overlap import normalised

if TYPE_CHECKING:
    from tests.faults.invariants import Watch
    from tests.faults.site import Document
    from tests.faults.stack import Hook, Outcome, Stack

GOOD = 200
ROUNDS = 8


def converge(watch: Watch, stack: Stack) -> int:
    """Run `up --refresh` without faults, and follow each error's way out; gives how many runs it took.

    Raises:
        Violation: (d) An error names no webhook or no way out, or the way leads to the same error, or what is
            reached is not the program.
    """
    errors: list[tuple[str, frozenset[str]]] = []
    for count in range(1, ROUNDS + 1):
        watch.account.site.clock.pass_by(30)
        outcome = watch.over(stack, lambda: stack.up(refresh=True))
        if not outcome.error:
            agree(watch, stack)
            return count
        require_id(watch, outcome)
        # Of a program that declares less by now, the same is a new error.
        errors.append((outcome.error.partition("\n")[0], frozenset(stack.program)))
        if errors.count(errors[-1]) > 1:
            raise Violation(f"(d) its own way out leads to the same error again:\n{outcome.error}")
        follow(watch, stack, outcome)
    raise Violation(f"(d) after {ROUNDS} runs without faults it still fails: {errors}")


def require_id(watch: Watch, outcome: Outcome) -> None:
    """(d) A run without faults that stops names a webhook by its id, or refuses a program that contradicts itself."""
    is_of_program = any("must not share" in refusal.reason for refusal in outcome.refusals)
    if watch.known.isdisjoint(re.findall(UUID, outcome.error)) and not is_of_program:
        raise Violation(f"(d) the error names no webhook's id:\n{outcome.error}")


def follow(watch: Watch, stack: Stack, outcome: Outcome) -> None:
    """Do what an error's last line says, as the person at the terminal would."""
    error, fix = outcome.error, outcome.error.splitlines()[-1]
    if twice := re.search(r"is declared twice: as '[a-z]+' and as '([a-z]+)'", error):
        del stack.program[twice[1]]
        return
    name = _named(error)
    is_followed = _follow_about_another(watch, stack, name, error) or _follow_about_itself(
        watch, stack, name, error
    )
    if not is_followed and not re.search(r"pulumi up|run the command again|run again", fix):
        raise Violation(f"(d) no way out is named:\n{error}")


def _follow_about_another(watch: Watch, stack: Stack, name: str, error: str) -> bool:
    """Where another webhook is in the way."""
    fix = error.splitlines()[-1]
    if "must not share" in error:
        del stack.program[name]
    elif taken := re.search(rf"(url|title): webhook ({UUID}) {TAKEN}", error):
        _leave(watch, stack, name, taken[1], taken[2])
    elif twin := re.search(rf"delete or disable webhook ({UUID})", fix):
        _delete_twin(watch, stack, name, twin[1])
    elif waits := re.search(r"Let this webhook depend on '([a-z]+)'", fix):
        _depend(stack, waits[1])
    elif found := re.search(rf'add adopt_id="({UUID})"', fix):
        _take_over(watch, stack, name, found[1])
    else:
        return False
    return True


def _follow_about_itself(watch: Watch, stack: Stack, name: str, error: str) -> bool:
    """Where the webhook's own declaration or receiver is the cause."""
    fix, hook, receiver = error.splitlines()[-1], stack.program.get(name), watch.account.site.receiver
    if hook is None:
        return False
    if "adopt_id" in fix and "remove it" in fix:
        stack.program[name] = replace(hook, adopt_id=None)
    elif 'set verify="after_enable"' in fix:
        stack.program[name] = replace(hook, verify="after_enable")
    elif fix.startswith("Mend the receiver") and f"the receiver answered {receiver.status}" in error:
        receiver.status = GOOD
    elif 'verify="warn" goes on' in fix:
        stack.program[name] = replace(hook, verify="warn")
    else:
        return False
    return True


def _leave(watch: Watch, stack: Stack, name: str, field: str, webhook_id: str) -> None:
    """Leave another webhook what only one may have; one that nobody needs goes."""
    if not _is_held(watch, webhook_id):
        watch.account.remove(webhook_id)
    elif field == "title":
        stack.program[name] = replace(stack.program[name], title=f"Another {len(watch.known)}")
    else:
        del stack.program[name]


def _delete_twin(watch: Watch, stack: Stack, name: str, webhook_id: str) -> None:
    """Delete what delivers the same events, if nobody holds it."""
    if _is_held(watch, webhook_id):
        del stack.program[name]
    else:
        watch.account.remove(webhook_id)


def _is_held(watch: Watch, webhook_id: str) -> bool:
    return any(webhook_id in stack.held.values() for stack in watch.stacks)


def _take_over(watch: Watch, stack: Stack, name: str, webhook_id: str) -> None:
    held_elsewhere = {id_ for other in watch.stacks if other is not stack for id_ in other.held.values()}
    if webhook_id not in watch.account.webhooks:
        raise Violation(f"(d) what is to be adopted does not exist: {webhook_id}")
    holder = next((other for other, id_ in stack.held.items() if id_ == webhook_id), "")
    if webhook_id in held_elsewhere:  # the other way out: it is another stack's
        del stack.program[name]
    elif holder in stack.program and holder != name:  # it moves away in the same `up`
        _depend(stack, holder)
    elif stack.program[name].adopt_id in watch.account.webhooks:  # one was taken over, and there is a further one
        watch.account.remove(webhook_id)
    else:
        stack.program[name] = replace(stack.program[name], adopt_id=webhook_id)


def _depend(stack: Stack, first: str) -> None:
    """Let all others depend on one webhook."""
    stack.program = {first: stack.program[first]} | stack.program


def _named(error: str) -> str:
    """The resource that an error is about: as our messages name it, or as the engine does."""
    found = re.search(r"webhook '([a-z0-9-]+)'", error) or re.search(r"resource '([a-z0-9-]+)'", error)
    if found is None:
        raise Violation(f"(e) no webhook is named:\n{error}")
    return found[1]


def agree(watch: Watch, stack: Stack) -> None:
    """(d) Account and program are the same, and nothing is left but what was told of."""
    preview = watch.over(stack, stack.preview)
    changes = [f"{step.kind} {step.name} {step.changed}" for step in preview.steps if step.kind != "same"]
    if preview.error or changes:
        raise Violation(f"(d) the preview is not clean: {changes}\n{preview.said}")
    held, webhooks = stack.held, watch.account.webhooks
    if held.keys() != stack.program.keys():
        raise Violation(f"(d) the state holds {sorted(held)}, the program declares {sorted(stack.program)}")
    for name, hook in stack.program.items():
        _agrees(name, hook, webhooks.get(held[name]))
    own = {id_ for id_, owner in watch.owners.items() if owner.stack == stack.name} - {*held.values()}
    for id_ in own & webhooks.keys():
        webhook = webhooks[id_]
        # A refresh tells of unfinished ones, and where no stack has a webhook there is nothing to refresh.
        is_unseen = not webhook["enabled"] and not any(each.held for each in watch.stacks)
        # What a killed run enabled is met again once an event of it is declared at its URL.
        is_unmet = id_ in watch.orphans and not _is_declared(stack, webhook)
        told = id_ in watch.told or webhook["title"] in watch.told or is_unseen or is_unmet
        if not told or (webhook["enabled"] and id_ not in watch.orphans):
            raise Violation(f"(d) left over and not named: {webhook}")
        # That there is none is not promised of lists that lag, but that the next refresh says so.
        is_excused = id_ in watch.hidden and re.search(rf"warning: .*{id_}.* both deliver", watch.told)
        if webhook["enabled"] and _is_declared(stack, webhook) and not is_excused:
            raise Violation(f"(d) an enabled webhook remains beside the one that is declared: {webhook}")


def _is_declared(stack: Stack, webhook: Document) -> bool:
    return any(
        same_events(webhook, {"url": hook.url, "type": hook.type, "exclude_type": hook.exclude_type})
        for hook in stack.program.values()
    )


def _agrees(name: str, hook: Hook, webhook: Document | None) -> None:
    if webhook is None:
        raise Violation(f"(d) {name} is not there")
    config = {member: webhook["config"].get(member) for member in hook.config or {}}
    excluded = webhook.get("exclude_type", [])
    differences = [
        field
        for field, declared, found in (
            ("title", hook.title, webhook["title"]),
            ("exclude_type", set(excluded if hook.exclude_type is None else hook.exclude_type), set(excluded)),
            ("url", normalised(hook.url), normalised(webhook["url"])),
            ("type", set(hook.type), set(webhook["type"])),
            ("enabled", hook.is_enabled, webhook["enabled"]),
            ("config", dict(hook.config or {}), config),
        )
        if declared != found
    ]
    if differences or is_claim(webhook["title"]):
        raise Violation(f"(d) {name} differs in {', '.join(differences)}: {webhook}")
