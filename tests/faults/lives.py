"""The operations of the matrix: what was there before, what is asked for, and the requests that this takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.faults.site import HOST, url_of
from tests.faults.stack import Hook, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.stack import Outcome

USERS = Hook(
    "User webhook",
    url_of("users").replace(HOST, HOST.title()),
    type=("USER", "ACCOUNT"),
    config={"delay": "2s", "max_package_size": 51200},
)
"""With all that a server may write otherwise: letters, an order, a config in two parts."""
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


def declares(*, receiver: int = 200, **fields: object) -> Callable[[Stack], None]:
    """A program with one webhook."""

    def prepare(stack: Stack) -> None:
        stack.account.site.receiver.status = receiver
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


def adopts(
    *, enabled: bool = True, title: str = "Made by hand", receiver: int = 200, **fields: object
) -> Callable[[Stack], None]:
    """Somebody's webhook, and a program that takes it over."""

    def prepare(stack: Stack) -> None:
        stack.account.site.receiver.status = receiver
        found = stack.account.plant(url=USERS.url, type=list(USERS.type), enabled=enabled, title=title)
        stack.program = {"users": replace(USERS, adopt_id=found, **fields)}  # type: ignore[arg-type] # as above

    return prepare


def _after_leftover(stack: Stack) -> None:
    declares()(stack)
    stack.account.plant(foreign=False, url=USERS.url, enabled=False, title=stack.claim("users"))


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


def _renamed(stack: Stack) -> None:
    _there(stack)
    stack.program = {"people": USERS}


def _adopts_what_is_gone(stack: Stack) -> None:
    adopts()(stack)
    for webhook_id in stack.account.webhooks:
        stack.account.remove(webhook_id)


def _two(stack: Stack) -> None:
    stack.program = {"users": USERS, "orders": ORDERS}


def _two_alike(stack: Stack) -> None:
    stack.program = {"users": USERS, "others": replace(USERS, title="Others", url=url_of("others"))}
    _must(stack.up())
    stack.account.site.clock.pass_by(60)


def _two_in_a_row(stack: Stack) -> None:
    """The first makes room for the second."""
    _two_alike(stack)
    users, others = stack.program.values()
    stack.program = {"users": replace(users, url=url_of("elsewhere")), "others": replace(others, url=users.url)}


def _swapped(stack: Stack) -> None:
    _two_alike(stack)
    users, others = stack.program.values()
    stack.program = {"users": replace(users, url=others.url), "others": replace(others, url=users.url)}


def beside_twin(prepare: Callable[[Stack], None], **fields: object) -> Callable[[Stack], None]:
    """The same beside somebody's webhook, which delivers all that `USERS` does where nothing else is said."""

    def prepare_beside(stack: Stack) -> None:
        prepare(stack)
        stack.account.plant(**{"url": USERS.url, "type": list(USERS.type), **fields})  # type: ignore[arg-type] # fields of a webhook

    return prepare_beside


def _refreshing_up(stack: Stack, **around: Any) -> Outcome:  # noqa: ANN401 - as `Stack.up`
    return stack.up(refresh=True, **around)


def _up_that_goes_on(stack: Stack, **around: Any) -> Outcome:  # noqa: ANN401 - as above
    return stack.up(goes_on=True, **around)


def _must(outcome: Outcome) -> None:
    assert not outcome.error, outcome.error


DISABLED = replace(USERS, enabled=False)

LIVES = {
    "create": Life(declares(), (TOKEN, LIST, POST, PATCH)),
    "create disabled": Life(declares(enabled=False), (TOKEN, LIST, POST, PATCH)),
    "create and require a test": Life(declares(verify="require"), (TOKEN, LIST, POST, TEST, PATCH)),
    "create and test after": Life(declares(verify="after_enable"), (TOKEN, LIST, POST, PATCH, TEST)),
    "create and warn": Life(declares(verify="warn"), (TOKEN, LIST, POST, TEST, PATCH)),
    "create after a leftover": Life(_after_leftover, (TOKEN, LIST, GET, DELETE, POST, PATCH)),
    "create what the receiver refuses": Life(
        declares(verify="require", receiver=500), (TOKEN, LIST, POST, TEST, DELETE), fails=True
    ),
    "create and warn of what the receiver refuses": Life(
        declares(verify="warn", receiver=500), (TOKEN, LIST, POST, TEST, PATCH)
    ),
    "create and enable what the receiver refuses": Life(
        declares(verify="after_enable", receiver=500), (TOKEN, LIST, POST, PATCH, TEST, DELETE), fails=True
    ),
    "create beside a twin": Life(beside_twin(declares()), (TOKEN, LIST), fails=True),
    "create two": Life(_two, (TOKEN, LIST, POST, PATCH, POST, PATCH)),
    "adopt": Life(adopts(), (TOKEN, GET, LIST, PATCH)),
    "adopt what is right": Life(adopts(title=USERS.title, config=None), (TOKEN, GET, LIST)),
    "adopt what is not there": Life(_adopts_what_is_gone, (TOKEN, GET), fails=True),
    "adopt beside a twin": Life(beside_twin(adopts()), (TOKEN, GET, LIST), fails=True),
    "adopt and require a test": Life(
        adopts(enabled=False, verify="require"), (TOKEN, GET, LIST, PATCH, TEST, PATCH)
    ),
    "adopt what the receiver refuses": Life(
        adopts(enabled=False, verify="require", receiver=500), (TOKEN, GET, LIST, PATCH, TEST, PATCH), fails=True
    ),
    "adopt and test after": Life(adopts(enabled=False, verify="after_enable"), (TOKEN, GET, LIST, PATCH, TEST)),
    "adopt and enable what the receiver refuses": Life(
        adopts(enabled=False, verify="after_enable", receiver=500),
        (TOKEN, GET, LIST, PATCH, TEST, PATCH),
        fails=True,
    ),
    "enable": Life(changes(DISABLED, enabled=True), (TOKEN, LIST, PATCH)),
    "enable and require a test": Life(
        changes(DISABLED, enabled=True, verify="require"), (TOKEN, LIST, TEST, PATCH)
    ),
    "enable what the receiver refuses": Life(
        changes(DISABLED, enabled=True, verify="require", receiver=500), (TOKEN, LIST, TEST, PATCH), fails=True
    ),
    "enable and test after": Life(
        changes(DISABLED, enabled=True, verify="after_enable"), (TOKEN, LIST, PATCH, TEST)
    ),
    "enable and test after what the receiver refuses": Life(
        changes(DISABLED, enabled=True, verify="after_enable", receiver=500),
        (TOKEN, LIST, PATCH, TEST, PATCH),
        fails=True,
    ),
    "enable beside a twin": Life(beside_twin(changes(DISABLED, enabled=True)), (TOKEN, LIST), fails=True),
    "disable": Life(changes(enabled=False), (TOKEN, PATCH)),
    "retitle": Life(changes(title="Users"), (TOKEN, PATCH)),
    "retitle, enable and require a test": Life(
        changes(DISABLED, enabled=True, title="Users", verify="require"), (TOKEN, LIST, PATCH, TEST, PATCH)
    ),
    "retitle and enable what the receiver refuses": Life(
        changes(DISABLED, enabled=True, title="Users", verify="require", receiver=500),
        (TOKEN, LIST, PATCH, TEST, PATCH),
        fails=True,
    ),
    "move": Life(changes(url=url_of("elsewhere")), (TOKEN, LIST, PATCH)),
    "move and require a test": Life(
        changes(url=url_of("elsewhere"), verify="require"), (TOKEN, LIST, PATCH, TEST)
    ),
    "move to where the receiver refuses": Life(
        changes(url=url_of("elsewhere"), verify="require", receiver=500),
        (TOKEN, LIST, PATCH, TEST, PATCH),
        fails=True,
    ),
    "move and warn of what the receiver refuses": Life(
        changes(url=url_of("elsewhere"), verify="warn", receiver=500), (TOKEN, LIST, PATCH, TEST)
    ),
    "move onto a twin": Life(
        beside_twin(changes(url=url_of("elsewhere")), url=url_of("elsewhere")), (TOKEN, LIST), fails=True
    ),
    "move to where one of the stack was": Life(_two_in_a_row, (TOKEN, LIST, PATCH, PATCH)),
    "subscribe to more": Life(changes(type=("USER", "ACCOUNT", "ORDER")), (TOKEN, LIST, PATCH)),
    "subscribe to what a twin delivers": Life(
        beside_twin(changes(type=("USER", "ACCOUNT", "ORDER")), type=["ORDER"]), (TOKEN, LIST), fails=True
    ),
    "update config": Life(changes(config={"delay": "3s"}), (TOKEN, PATCH)),
    "refresh": Life(_there, (TOKEN, LIST), Stack.refresh),
    "refresh what is gone": Life(_gone, (TOKEN, LIST, GET), Stack.refresh),
    "refresh and repair": Life(_drifted, (TOKEN, LIST, PATCH), _refreshing_up),
    "refresh and create anew": Life(_gone, (TOKEN, LIST, GET, POST, PATCH), _refreshing_up),
    "refresh and swap": Life(_swapped, (TOKEN, LIST, PATCH, PATCH), _refreshing_up),
    "delete": Life(_undeclared, (TOKEN, DELETE)),
    "destroy": Life(_there, (TOKEN, DELETE), Stack.destroy),
    "delete what is gone": Life(_gone_and_undeclared, (TOKEN, DELETE)),
    "rename by adoption": Life(_renamed_by_adoption, (TOKEN, GET, LIST)),
    "rename without a word": Life(_renamed, (TOKEN, LIST), fails=True),
    "rename without a word and go on": Life(_renamed, (TOKEN, LIST), _up_that_goes_on, fails=True),
}
"""By name: every way that an operation can go where nothing breaks."""
