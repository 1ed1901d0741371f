"""The steps of a schedule: what people do to programs, stacks and accounts, and what breaks meanwhile.

A step that has nothing to work on does nothing, so that any list of steps is a schedule and shrinks well.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.faults.breaks import Break, Broken
from tests.faults.convergence import agree, converge
from tests.faults.invariants import Violation, Watch
from tests.faults.site import HOST, url_of
from tests.faults.stack import Hook, Stack
from upvest_provider.claims import is_claim

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tests.faults.around import Ends
    from tests.faults.site import Account, Site
    from tests.faults.stack import Outcome

NAMES = ("users", "orders", "trades")
URLS = {"a": url_of("a"), "b": url_of("b"), "B": url_of("b").replace(HOST, HOST.upper()), "c": url_of("c")}
UNKNOWN = "INVENTED_LATER"
"""A category that no document names; one of the program only where the API takes it, for else it says so itself."""
TYPES = (("USER",), ("ORDER",), ("USER", "ORDER"), ("ALL",), ("USER", UNKNOWN))
TITLE = 32
"""Characters that every API takes."""
STACKS = ("dev", "other")


@dataclass
class World:
    """Two stacks on one account, somebody else's account, and what was done so far."""

    site: Site
    account: Account
    strangers: Account
    stacks: dict[str, Stack]
    watch: Watch
    done: list[str] = field(default_factory=list)
    urls: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """Where each webhook of a stack was declared so far."""
    ends: int = 0

    @classmethod
    def on(cls, site: Site) -> World:
        account = site.account()
        stacks = {name: Stack(account, name) for name in STACKS}
        return cls(site, account, site.account(), stacks, Watch(account, list(stacks.values())))

    def taken(self, types: Sequence[str]) -> tuple[str, ...]:
        """The categories that the API takes."""
        takes_all = self.site.upvest.behaviour.unknown_category == "accepted"
        return tuple(each for each in types if takes_all or each != UNKNOWN)

    def begin(self, told: str) -> None:
        """Tell of what happens next."""
        self.done += [told] if told else []

    def perform(self, steps: Sequence[Step]) -> None:
        """Take each step, then run without faults until everything agrees.

        Raises:
            Violation: An invariant does not hold; it tells the steps that led there.
        """
        try:
            for step in steps:
                self.begin(step.take(self))
            self.begin("then without faults")
            self.site.mend()
            self.site.receiver.status = 200
            for stack in self.stacks.values():
                converge(self.watch, stack)
            for stack in self.stacks.values():
                agree(self.watch, stack)
        except Violation as violation:
            told = "\n".join(f"  {line}" for line in self.done)
            raise Violation(f"{violation}\nafter the steps\n{told}") from None


class Step:
    """One thing that happens."""

    def take(self, world: World) -> str:
        """Have it happen; gives what is to be told of it, nothing where nothing happened."""
        raise NotImplementedError


@dataclass(frozen=True)
class Declare(Step):
    """The program declares a webhook, or declares it otherwise."""

    stack: str
    name: str
    url: str
    types: tuple[str, ...]
    fields: tuple[tuple[str, object], ...] = ()

    def take(self, world: World) -> str:
        program = world.stacks[self.stack].program
        before = program.get(self.name)
        kept: dict[str, Any] = {"adopt_id": before.adopt_id, "aliases": before.aliases} if before else {}
        title, types = f"{self.name} of {self.stack}", world.taken(self.types)
        program[self.name] = Hook(title=title, url=URLS[self.url], type=types, **kept, **dict(self.fields))  # type: ignore[arg-type] # fields of `Hook`
        told = "".join(f", {name}={value!r}" for name, value in self.fields)
        return f"{self.stack} declares {self.name} at {self.url} for {'+'.join(types)}{told}"


@dataclass(frozen=True)
class Retitle(Step):
    """The program gives a webhook another title."""

    stack: str
    index: int

    def take(self, world: World) -> str:
        stack = world.stacks[self.stack]
        name = _nth(stack.program, self.index)
        if not name:
            return ""
        stack.program[name] = replace(stack.program[name], title=f"anew {stack.program[name].title}"[:TITLE])
        return f"{self.stack} retitles {name}"


@dataclass(frozen=True)
class MoveBack(Step):
    """The program moves a webhook back to where an earlier operation found it declared."""

    stack: str
    index: int

    def take(self, world: World) -> str:
        stack = world.stacks[self.stack]
        name = _nth(stack.program, self.index)
        former = [url for url in world.urls[self.stack, name] if url != stack.program[name].url]
        if not former:
            return ""
        stack.program[name] = replace(stack.program[name], url=former[-1])
        return f"{self.stack} moves {name} back to {former[-1].rpartition('/')[2]}"


@dataclass(frozen=True)
class Widen(Step):
    """The program subscribes a webhook to one category more."""

    stack: str
    index: int
    category: str

    def take(self, world: World) -> str:
        stack = world.stacks[self.stack]
        name = _nth(stack.program, self.index)
        if not name or {"ALL", self.category} & {*stack.program[name].type}:
            return ""
        stack.program[name] = replace(stack.program[name], type=(*stack.program[name].type, self.category))
        return f"{self.stack} subscribes {name} to {self.category} too"


@dataclass(frozen=True)
class Switch(Step):
    """The program disables a webhook, or enables it again."""

    stack: str
    index: int

    def take(self, world: World) -> str:
        stack = world.stacks[self.stack]
        name = _nth(stack.program, self.index)
        if not name:
            return ""
        enabled = not stack.program[name].is_enabled
        stack.program[name] = replace(stack.program[name], enabled=enabled)
        return f"{self.stack} {'enables' if enabled else 'disables'} {name}"


@dataclass(frozen=True)
class Drop(Step):
    """The program declares a webhook no longer."""

    stack: str
    index: int

    def take(self, world: World) -> str:
        stack = world.stacks[self.stack]
        name = _nth(stack.program, self.index)
        if not name:
            return ""
        del stack.program[name]
        return f"{self.stack} drops {name}"


@dataclass(frozen=True)
class Rename(Step):
    """The program calls a webhook otherwise: with an alias, with `adopt_id`, or with neither."""

    stack: str
    index: int
    new: str
    how: str

    def take(self, world: World) -> str:
        stack = world.stacks[self.stack]
        old = _nth(stack.program, self.index)
        if not old or self.new in stack.program or self.new in stack.held:
            return ""
        hook = stack.program[old]
        if self.how == "alias":
            hook = replace(hook, aliases=(*hook.aliases, old))
        elif self.how == "adopt_id":
            hook = replace(hook, adopt_id=stack.held.get(old, hook.adopt_id), aliases=())
        else:
            hook = replace(hook, adopt_id=None, aliases=())
        # At the same place of the program.
        stack.program = {
            self.new if name == old else name: hook if name == old else each
            for name, each in stack.program.items()
        }
        return f"{self.stack} renames {old} to {self.new} ({self.how})"


@dataclass(frozen=True)
class Swap(Step):
    """The first two webhooks of a program change places."""

    stack: str

    def take(self, world: World) -> str:
        program = world.stacks[self.stack].program
        if len(program) < 2:
            return ""
        one, other, *_ = program
        program[one], program[other] = (
            replace(program[one], url=program[other].url),
            replace(program[other], url=program[one].url),
        )
        return f"{self.stack} swaps the URLs of {one} and {other}"


def _nth(names: Collection[str], index: int) -> str:
    """One of the names, counted round; empty where there is none."""
    return list(names)[index % len(names)] if names else ""


@dataclass(frozen=True)
class ByHand(Step):
    """Somebody changes the account by hand: one of its webhooks, counted from the oldest."""

    what: str
    index: int

    def take(self, world: World) -> str:
        finished = {
            id_: webhook for id_, webhook in world.account.webhooks.items() if not is_claim(webhook["title"])
        }
        id_ = _nth(finished, self.index)
        if not id_:
            return ""
        match self.what:
            case "disable":
                world.account.change(id_, enabled=False)
            case "retitle":
                world.account.change(id_, title="By hand")
            case "configure":
                has_minutes = world.site.upvest.behaviour.delay_rule == "minutes"
                world.account.change(
                    id_, config={"delay": "2m" if has_minutes else "9s", "max_package_size": 1000}
                )
            case "delete":
                world.account.remove(id_)
            case _:
                raise ValueError(self.what)
        return f"somebody does by hand: {self.what} webhook {id_} ({finished[id_]['title']!r})"


@dataclass(frozen=True)
class Plant(Step):
    """Somebody makes a webhook by hand."""

    url: str
    types: tuple[str, ...]
    enabled: bool

    def take(self, world: World) -> str:
        types = world.taken(self.types)
        id_ = world.account.plant(url=URLS[self.url], type=list(types), enabled=self.enabled)
        state = "enabled" if self.enabled else "disabled"
        return f"somebody makes by hand: webhook {id_} at {self.url} for {'+'.join(types)}, {state}"


@dataclass(frozen=True)
class Answer(Step):
    """The receiver answers test deliveries otherwise."""

    status: int

    def take(self, world: World) -> str:
        world.site.receiver.status = self.status
        return f"the receiver answers {self.status}"


@dataclass(frozen=True)
class Trouble:
    """A break at some of an operation's requests."""

    broken: Break
    target: tuple[str, str]
    """Method and beginning of the target; empty for any."""
    skip: int

    def __str__(self) -> str:
        which = " ".join(self.target).strip() or "any request"
        return f"{self.broken} at {which}" + (f" after {self.skip}" if self.skip else "")


@dataclass(frozen=True)
class Operate(Step):
    """An operation on a stack, and what breaks in it."""

    stack: str
    operation: str
    troubles: tuple[Trouble, ...] = ()
    ends: Ends | None = None
    idle: float = 30.0
    """Seconds that pass before."""
    arrives_at: int = 0
    """Before which of its requests all arrives that is held; 0 for none."""
    goes_on: bool = False
    """Whether one failing resource keeps no other back."""

    def __str__(self) -> str:
        told = ["--continue-on-error"] if self.goes_on else []
        told += [str(trouble) for trouble in self.troubles] + ([str(self.ends)] if self.ends else [])
        told += [f"what is held arriving before request {self.arrives_at}"] if self.arrives_at else []
        return f"{self.operation} of {self.stack}" + (f" with {', '.join(told)}" if told else "")

    def take(self, world: World) -> str:
        world.begin(str(self))
        world.site.clock.pass_by(self.idle)
        stack = world.stacks[self.stack]
        for name, hook in stack.program.items():
            world.urls[self.stack, name].append(hook.url)
        around: dict[str, Any] = {"ends": self.ends, "goes_on": self.goes_on}
        with ExitStack() as broken:
            for trouble in self.troubles:
                target = (*trouble.target, trouble.skip)
                around |= broken.enter_context(Broken(world.site, trouble.broken, target, trouble.skip + 1))
            refuse = around.get("before_request", lambda _: None)

            def before_request(number: int) -> None:
                # What changes or deletes may arrive between operations only: nobody could tell it from their work.
                if number == self.arrives_at and set(world.site.held) == {"POST"}:
                    world.site.arrive()
                refuse(number)

            around["before_request"] = before_request
            outcome = world.watch.over(stack, lambda: OPERATIONS[self.operation](stack, **around))
        world.site.clear()
        world.ends += outcome.is_over
        told = "killed" if outcome.was_killed else outcome.error.partition("\n")[0] or "ok"
        return f"  {told}"


@dataclass(frozen=True)
class WithWrongAccount(Step):
    """An operation with another account's credentials, which has nothing to create there."""

    stack: str
    operation: str

    def take(self, world: World) -> str:
        stack = world.stacks[self.stack]
        creates = self.operation != "destroy" and not stack.program.keys() <= stack.held.keys()
        if not stack.held or creates:
            return ""
        world.begin(f"{self.operation} of {self.stack} with a stranger's credentials")
        outcome = world.watch.over(
            stack, lambda: OPERATIONS[self.operation](stack, account=world.strangers), wrong=True
        )
        if "belongs to client" not in outcome.error:
            raise Violation(f"(c) the wrong account was not noticed: {outcome.error}")
        return "  refused"


@dataclass(frozen=True)
class Arrive(Step):
    """All that is held arrives."""

    def take(self, world: World) -> str:
        held = world.site.held
        world.watch.arrive()
        return f"what was held arrives: {', '.join(held)}" if held else ""


OPERATIONS: dict[str, Callable[..., Outcome]] = {
    "up": Stack.up,
    "up --refresh": lambda stack, **around: stack.up(refresh=True, **around),
    "refresh": Stack.refresh,
    "preview": Stack.preview,
    "destroy": Stack.destroy,
}
