"""The operations of the matrix: what was there before, what is asked for, and the requests that this takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.faults.site import url_of
from tests.faults.stack import Hook, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.stack import Outcome

USERS = Hook("User webhook", url_of("users"), config={"delay": "2s", "max_package_size": 51200})
ORDERS = Hook("Order webhook", url_of("orders"), type=("ORDER",))

TOKEN, LIST, POST, PATCH, TEST, GET, DELETE = "token", "list", "POST", "PATCH", "test", "GET", "DELETE"

TARGETS = {
    TOKEN: ("POST", "/auth/token"),
    LIST: ("GET", "/webhooks?"),
    POST: ("POST", "/webhooks"),
    PATCH: ("PATCH", "/webhooks/"),
    TEST: ("POST", "/webhooks/"),
    GET: ("GET", "/webhooks/"),
    DELETE: ("DELETE", "/webhooks/"),
}
"""Method and beginning of the target. That of POST is that of a test, too, which comes after it."""


@dataclass(frozen=True)
class Life:
    """An operation on a stack.

    Attributes:
        prepare: Makes what is there before; the stack is empty.
        requests: What the operation sends where nothing breaks.
        operate: What is asked for.
        fails: Whether it is to fail where nothing breaks.
    """

    prepare: Callable[[Stack], None]
    requests: tuple[str, ...]
    operate: Callable[..., Outcome] = Stack.up
    fails: bool = False

    def target(self, index: int) -> tuple[str, str, int]:
        """Method, beginning of the target, and how many such requests pass before the one at an index."""
        method, path = TARGETS[self.requests[index]]
        return method, path, self.requests[:index].count(self.requests[index])


def declares(**fields: object) -> Callable[[Stack], None]:
    """A program with one webhook."""

    def prepare(stack: Stack) -> None:
        stack.program = {"users": replace(USERS, **fields)}  # type: ignore[arg-type] # fields of `Hook`

    return prepare


def changes(before: Hook = USERS, *, receiver: int = 200, **fields: object) -> Callable[[Stack], None]:
    """A webhook that is there, and a program that wants it otherwise."""

    def prepare(stack: Stack) -> None:
        stack.program = {"users": before}
        _must(stack.up())
        stack.program = {"users": replace(before, **fields)}  # type: ignore[arg-type] # as above
        stack.account.site.receiver.status = receiver

    return prepare


def adopts(*, enabled: bool = True, title: str = "Made by hand", **fields: object) -> Callable[[Stack], None]:
    """Somebody's webhook, and a program that takes it over."""

    def prepare(stack: Stack) -> None:
        found = stack.account.plant(url=USERS.url, enabled=enabled, title=title)
        stack.program = {"users": replace(USERS, adopt_id=found, **fields)}  # type: ignore[arg-type] # as above

    return prepare


def _after_leftover(stack: Stack) -> None:
    declares()(stack)
    stack.account.plant(foreign=False, url=USERS.url, enabled=False, title=stack.claim("users"))


def _refused(stack: Stack) -> None:
    declares(verify="require")(stack)
    stack.account.site.receiver.status = 500


def _refused_after(stack: Stack) -> None:
    declares(verify="after_enable")(stack)
    stack.account.site.receiver.status = 500


def _there(stack: Stack) -> None:
    stack.program = {"users": USERS}
    _must(stack.up())
    stack.account.site.clock.pass_by(60)


def _drifted(stack: Stack) -> None:
    _there(stack)
    stack.account.change(stack.held["users"], enabled=False, title="By hand")


def _gone(stack: Stack) -> None:
    _there(stack)
    stack.account.remove(stack.held["users"])


def _undeclared(stack: Stack) -> None:
    _there(stack)
    stack.program = {}


def _gone_and_undeclared(stack: Stack) -> None:
    _gone(stack)
    stack.program = {}


def _renamed_by_adoption(stack: Stack) -> None:
    _there(stack)
    stack.program = {"people": replace(USERS, adopt_id=stack.held["users"])}


def _two(stack: Stack) -> None:
    stack.program = {"users": USERS, "orders": ORDERS}


def _refreshing_up(stack: Stack, **around: object) -> Outcome:
    return stack.up(refresh=True, **around)


def _must(outcome: Outcome) -> None:
    assert not outcome.error, outcome.error


LIVES = {
    "create": Life(declares(), (TOKEN, LIST, POST, PATCH)),
    "create disabled": Life(declares(enabled=False), (TOKEN, LIST, POST, PATCH)),
    "create and require a test": Life(declares(verify="require"), (TOKEN, LIST, POST, TEST, PATCH)),
    "create and test after": Life(declares(verify="after_enable"), (TOKEN, LIST, POST, PATCH, TEST)),
    "create and warn": Life(declares(verify="warn"), (TOKEN, LIST, POST, TEST, PATCH)),
    "create after a leftover": Life(_after_leftover, (TOKEN, LIST, DELETE, POST, PATCH)),
    "create what the receiver refuses": Life(_refused, (TOKEN, LIST, POST, TEST, DELETE), fails=True),
    "enable what the receiver refuses": Life(_refused_after, (TOKEN, LIST, POST, PATCH, TEST, DELETE), fails=True),
    "create two": Life(_two, (TOKEN, LIST, POST, PATCH, POST, PATCH)),
    "adopt": Life(adopts(), (TOKEN, GET, LIST, PATCH)),
    "adopt what is right": Life(adopts(title=USERS.title, config=None), (TOKEN, GET, LIST)),
    "adopt and require a test": Life(
        adopts(enabled=False, verify="require"), (TOKEN, GET, LIST, PATCH, TEST, PATCH)
    ),
    "enable": Life(changes(replace(USERS, enabled=False), enabled=True), (TOKEN, PATCH)),
    "enable and require a test": Life(
        changes(replace(USERS, enabled=False), enabled=True, verify="require"), (TOKEN, TEST, PATCH)
    ),
    "disable": Life(changes(enabled=False), (TOKEN, PATCH)),
    "retitle, enable and require a test": Life(
        changes(replace(USERS, enabled=False), enabled=True, title="Users", verify="require"),
        (TOKEN, PATCH, TEST, PATCH),
    ),
    "move": Life(changes(url=url_of("elsewhere")), (TOKEN, PATCH)),
    "move and require a test": Life(changes(url=url_of("elsewhere"), verify="require"), (TOKEN, PATCH, TEST)),
    "move to where the receiver refuses": Life(
        changes(url=url_of("elsewhere"), verify="require", receiver=500), (TOKEN, PATCH, TEST, PATCH), fails=True
    ),
    "update config": Life(changes(config={"delay": "3s"}), (TOKEN, PATCH)),
    "refresh": Life(_there, (TOKEN, LIST), Stack.refresh),
    "refresh what is gone": Life(_gone, (TOKEN, LIST, GET), Stack.refresh),
    "refresh and repair": Life(_drifted, (TOKEN, LIST, PATCH), _refreshing_up),
    "refresh and create anew": Life(_gone, (TOKEN, LIST, GET, POST, PATCH), _refreshing_up),
    "delete": Life(_undeclared, (TOKEN, DELETE)),
    "destroy": Life(_there, (TOKEN, DELETE), Stack.destroy),
    "delete what is gone": Life(_gone_and_undeclared, (TOKEN, DELETE)),
    "rename by adoption": Life(_renamed_by_adoption, (TOKEN, GET, LIST)),
}
"""By name: every way that an operation can go where nothing breaks."""
