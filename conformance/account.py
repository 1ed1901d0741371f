"""The webhooks of a run: made under its mark, remembered, and deleted at its end; no others are touched.

The URLs lead to nobody. Upvest wants https and a DNS name, and `example.com` is reserved (RFC 2606, 3; RFC 6761,
6.5): nobody's receiver is below it, so that not even a webhook that is enabled for a moment delivers to anyone.
`.invalid` would be further away still, but whether Upvest takes a name that cannot exist is a question itself.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from upvest_provider import limits
from upvest_provider.errors import NotFound, UpvestError

from .question import Unclear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from upvest_provider.api import UpvestClient, Webhook

    from .caller import Caller, Reply

    Document = dict[str, Any]

HOST = "conformance.example.com"

QUIET = ["TREASURY_REPORT"]
"""The category of a webhook that is made for something else: a rare one, and never ALL."""

SERVER_ERRORS = 500

_MARK = re.compile(r"conformance-[0-9a-f]{8}(?![0-9a-f])")


class Account:
    """Somebody's account, in which a run makes webhooks of its own.

    Args:
        caller: Makes and changes them.
        client: Lists and deletes them.
        sleep: Waits, in seconds.

    Attributes:
        mark: Begins the title, and is in the URL, of every webhook of this run: 20 characters, so that Upvest's
            newest rule, 32 for a title, leaves room.
        leftovers: What earlier runs left behind; it is told of, not touched.
    """

    def __init__(self, caller: Caller, client: UpvestClient, sleep: Callable[[float], None]) -> None:
        self._caller = caller
        self._client = client
        self._sleep = sleep
        self._made: set[str] = set()
        self._gone: set[str] = set()
        self._count = 0
        self._is_unclear = False
        self.mark = f"conformance-{secrets.token_hex(4)}"
        before = client.list_webhooks()
        self._before = {webhook.id for webhook in before}
        self.leftovers = [webhook for webhook in before if _MARK.search(f"{webhook.title} {webhook.url}")]

    def title(self) -> str:
        """One that no other webhook has: at most 24 characters."""
        self._count += 1
        return f"{self.mark} {self._count}"

    def path(self) -> str:
        """One that no other webhook has."""
        self._count += 1
        return f"/{self.mark}/{self._count}"

    def url(self) -> str:
        """One that no other webhook has."""
        return f"https://{HOST}{self.path()}"

    def post(self, *, headers: Mapping[str, str | None] | None = None, **fields: object) -> Reply:
        """Try to make a webhook, with a title and URL of its own and a quiet category where nothing else is said.

        Args:
            headers: See `Caller.ask`.
            fields: Of the webhook; one that is None is left out.

        Raises:
            Unclear: It may have been made, but the answer does not hold it.
        """
        usual = {"title": self.title(), "url": self.url(), "type": QUIET}
        document = {name: value for name, value in {**usual, **fields}.items() if value is not None}
        was_unclear, self._is_unclear = self._is_unclear, True
        reply = self._caller.ask("POST", "/webhooks", document, headers=headers)
        if reply.is_success:
            self._made.add(_webhook(reply, "made")["id"])
        if reply.status < SERVER_ERRORS:
            self._is_unclear = was_unclear
        return reply

    def make(self, **fields: Any) -> Document:  # noqa: ANN401 - those of `post`
        """Make a webhook.

        Raises:
            Unclear: The API does not.
        """
        return _webhook(self.post(**fields), "made")

    def patch(self, webhook: Document, **fields: object) -> Reply:
        """Try to change a webhook that this run made."""
        return self._caller.ask("PATCH", self._target(webhook), fields)

    def change(self, webhook: Document, **fields: object) -> Document:
        """Change a webhook that this run made.

        Raises:
            Unclear: The API does not.
        """
        return _webhook(self.patch(webhook, **fields), "changed")

    def delete(self, webhook: Document) -> Reply:
        """Try to delete a webhook that this run made, or to delete it again."""
        reply = self._caller.ask("DELETE", self._target(webhook))
        if reply.is_success:
            self._gone.add(webhook["id"])
        return reply

    @contextmanager
    def enabled(self, webhook: Document) -> Iterator[Document]:
        """A webhook as it is enabled, which it is as long as the `with` block runs.

        Raises:
            Unclear: The API does not enable it.
        """
        try:
            yield self.change(webhook, enabled=True, type=QUIET)
        finally:
            with suppress(UpvestError):  # it is deleted next, and what ended the block must not be hidden
                self.patch(webhook, enabled=False, type=QUIET)

    def clear(self) -> None:
        """Delete the webhooks that are known by their ids.

        Raises:
            UpvestError: The API does not; the others are deleted all the same.
        """
        failures = []
        for webhook_id in sorted(self._made - self._gone):
            try:
                self._delete(webhook_id)
            except UpvestError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def leave(self) -> None:
        """Delete all webhooks of this run, also those whose creation got no answer.

        Raises:
            UpvestError: Something may be left behind; it says how to know it.
        """
        try:
            self.clear()
            if self._is_unclear:
                self._sleep(limits.NEWBORN)  # the list may lag behind a creation
            there = {webhook.id for webhook in self._client.list_webhooks() if self._is_own(webhook)}
            self._made |= there
            self._gone -= there
            self.clear()
        except (UpvestError, KeyboardInterrupt) as error:
            reason = str(error).partition("\n")[0] or "interrupted"
            raise UpvestError(
                f"webhooks of this run may be left behind: {reason}",
                *(f"left: webhook {webhook_id}" for webhook_id in sorted(self._made - self._gone)),
                fix=f"Delete the webhooks with {self.mark} in their title or URL.",
            ) from error

    def _target(self, webhook: Document) -> str:
        if webhook["id"] not in self._made:
            raise ValueError(f"webhook {webhook['id']} was not made by this run")
        return f"/webhooks/{webhook['id']}"

    def _is_own(self, webhook: Webhook) -> bool:
        marked = webhook.title.startswith(self.mark) or f"/{self.mark}/" in webhook.url
        return marked and webhook.id not in self._before

    def _delete(self, webhook_id: str) -> None:
        try:
            self._client.delete_webhook(webhook_id)
        except NotFound:
            self._is_unclear = True  # where reads lag, a webhook may be missing because it is new
        self._gone.add(webhook_id)


def _webhook(reply: Reply, what: str) -> Document:
    """The webhook that an answer of success holds."""
    webhook = reply.document if reply.is_success else None
    if not isinstance(webhook, dict) or not isinstance(webhook.get("id"), str):
        raise Unclear(f"a webhook could not be {what}: {reply}")
    return webhook
