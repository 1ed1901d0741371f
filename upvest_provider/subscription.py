"""The life of one webhook: claim, finish, adopt, read, update, delete.

Knows neither Pulumi nor HTTP. All webhooks of one account share one `Subscriptions`, from up to four threads.
"""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from . import limits
from .claims import is_claim
from .differences import CONFIG, differing, not_taken, patch, waiting
from .errors import EngineGone, HalfDone, NotFound, UpvestError
from .overlap import origin
from .shared_list import SharedList
from .timestamps import unix_seconds
from .twins import (
    CLEARS_PENDING,
    awaited,
    doubled,
    in_the_way,
    listed,
    new_twins,
    refusal,
    refusal_of_change,
    refusal_of_upvest,
    twins_of,
)
from .verification import Verification, Verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .api import UpvestClient, Webhook
    from .differences import Fields

NEXT_UP_REMOVES_IT = "The next `pulumi up` removes it before it creates the webhook anew."


DELIVERED = frozenset({"enabled", "url", "type", "exclude_type"})
"""The fields that say which events go where."""


FINDS_OUT = "Run `pulumi up --refresh` once the API answers again."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A webhook to be made."""

    name: str
    """The resource's name, for messages."""
    claim: str
    declared: Fields
    """The API's fields, as the program declares them."""


@dataclass(frozen=True, slots=True)
class Enabling:
    """What stands before events go to a host."""

    opens: Callable[[], bool] = lambda: True
    """Whether a gate lets them; may raise."""
    verification: Verification | None = None


class Subscriptions:
    """The webhooks of one account.

    Args:
        client: Speaks for the account.
        say: Takes lines for the person at the terminal.
        is_declared: Whether a claim is that of a resource of the program that runs now.
        holder: The name of the resource of that program that has a webhook, where one does.
        clock: Unix seconds.
        monotonic: Seconds, monotonic.
    """

    def __init__(
        self,
        client: UpvestClient,
        *,
        say: Callable[[str], None],
        is_declared: Callable[[str], bool] = lambda _: False,
        holder: Callable[[str], str | None] = lambda _: None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._say = say
        self._clock = clock
        self._list = SharedList(client.list_webhooks, clock=monotonic)
        self._is_declared = is_declared
        self._holder = holder
        self._claims_of_this_run: set[str] = set()
        self._named: set[str] = set()
        self._of_this_stack: set[str] = set()
        self._awaited: dict[str, str] = {}
        self._has_looked = False
        self._lock = threading.Lock()

    def verification(self, mode: Verify) -> Verification | None:
        """The tests of one operation on one of the account's webhooks; None where there are none."""
        return None if mode is Verify.OFF else Verification(self._client, mode, say=self._say, clock=self._clock)

    def create(self, wanted: Wanted, enabling: Enabling = Enabling()) -> Webhook:
        """Make a webhook; what it leaves behind where it fails stands in the error.

        Raises:
            AlreadySubscribed: The account holds a webhook that would deliver the same events twice.
            EngineGone: Pulumi was killed meanwhile; the unfinished webhook stays.
            UpvestError: Anything else; a webhook made on the way was deleted, or is named.
        """
        if wanted.declared.get("enabled") and not enabling.opens():
            wanted = replace(wanted, declared={**wanted.declared, "enabled": False})
        self._claims_of_this_run.add(wanted.claim)
        others = self._without_leftovers(wanted)
        self._refuse_twin(wanted, others)
        unclear: list[UpvestError] = []
        made = self._claim(wanted, others, unclear)
        try:
            return self._finish(made, wanted, enabling.verification)
        except EngineGone as error:
            raise _told(error, f"Left behind: webhook {made.id}.", _while_unfinished(made)) from None
        except UpvestError as error:
            raise self._undone(made, self._awaiting(error, wanted, others), late=bool(unclear)) from None

    def adopt(self, webhook_id: str, wanted: Wanted, enabling: Enabling = Enabling()) -> Webhook:
        """Take an existing webhook over: bring it to what is declared, and never delete it on failure.

        Raises:
            AlreadySubscribed: Another webhook would deliver the same events twice.
            UpvestError: There is none, or anything else; the error says whether its old values are back.
        """
        try:
            found = self._client.get_webhook(webhook_id)
        except NotFound as error:
            raise UpvestError(
                f"adopt_id is {webhook_id}, and this account has no such webhook",
                *error.details,
                fix="Correct adopt_id (see `upvest-webhooks list --stack STACK`), or remove it to create one.",
            ) from None
        held = fields_of(found)
        paths = differing(wanted.declared, held, None)
        waits = waiting(paths, wanted.declared, held)
        if waits and not enabling.opens():
            paths -= waits
        self._claims_of_this_run.add(wanted.claim)
        others = self._without_leftovers(wanted, but=webhook_id)
        # A field never declared stays the server's.
        whole = replace(wanted, declared={**held, **wanted.declared})
        others = [other for other in others if other.id != webhook_id]
        self._refuse_twin(whole, others)
        if not paths:
            return self._noted(found)
        body = patch(paths, wanted.declared, held)
        try:
            return self._changed(webhook_id, body, held, enabling.verification)
        except EngineGone as error:
            raise _told(error, f"Webhook {webhook_id} may hold the new values already.") from None
        except UpvestError as error:
            if not error.outcome_unknown and not isinstance(error, HalfDone):
                explained = self._awaiting(error, whole, others)
                raise _told(explained, f"Webhook {webhook_id} is as it was.") from None
            raise self._restored(webhook_id, {name: held[name] for name in body}, error) from None

    def get(self, webhook_id: str) -> Webhook:
        """A webhook as it is at this moment, whatever was listed.

        Raises:
            NotFound: Upvest itself says that there is none.
        """
        return self._client.get_webhook(webhook_id)

    def read(self, webhook_id: str, created_at: str) -> Webhook | None:
        """A webhook as it is now; None where Upvest itself says that it is gone.

        Raises:
            UpvestError: It cannot be read, or is too young to be believed gone.
        """
        self._of_this_stack.add(webhook_id)
        found = self._list.find(webhook_id)
        if not self._has_looked:
            self._has_looked = True
            webhooks = self._list.all()
            self._name_unfinished(webhooks)
            self._name_doubled(webhooks)
        if found is not None:
            return found
        try:
            return self._client.get_webhook(webhook_id)
        except NotFound as error:
            self._refuse_newborn(webhook_id, created_at, error)
            return None

    def _refuse_newborn(self, webhook_id: str, created_at: str, error: NotFound) -> None:
        """A webhook of seconds may not be shown everywhere yet, so it is not believed to be gone."""
        age = self._clock() - unix_seconds(created_at) if created_at else limits.NEWBORN
        if age < limits.NEWBORN:
            unseen = UpvestError(
                f"webhook {webhook_id} was made {age:.1f} s ago and Upvest does not show it yet",
                *error.details,
                fix="Run `pulumi up --refresh` again.",
            )
            unseen.outcome_unknown = True
            raise unseen from None

    def update(
        self,
        webhook_id: str,
        body: Fields,
        held: Fields,
        verification: Verification | None = None,
        *,
        name: str = "",
    ) -> Webhook:
        """Set fields, and test the receiver where that begins or moves deliveries.

        Args:
            webhook_id: Which webhook.
            body: The fields to set.
            held: What the API holds before; it goes back where the receiver refuses the test.
            verification: Tests the receiver.
            name: The resource's, for messages.

        Raises:
            AlreadySubscribed: Another webhook would deliver the same events twice then.
            HalfDone: The error says whether the old values are back.
            UpvestError: With `outcome_unknown` where the fields may have been set nevertheless.
        """
        after = {**held, **body}
        if after.get("enabled") and differing(after, held, None) & DELIVERED:
            self._refuse_doubling(webhook_id, name, held, after)
        try:
            webhook = self._changed(webhook_id, body, held, verification)
        except HalfDone as error:
            raise self._restored(webhook_id, {name: held[name] for name in body}, error) from None
        except UpvestError as error:
            raise _unclear(error, f"Webhook {webhook_id} may hold the new values already.") from None
        if after.get("enabled") and not webhook.enabled:
            self._say(f"warning: webhook {webhook_id} delivers no longer: Upvest disabled it with this change")
        return webhook

    def _changed(self, webhook_id: str, body: Fields, held: Fields, verification: Verification | None) -> Webhook:
        if verification is None:
            return self._patched(webhook_id, body)
        if not body.get("enabled") or held.get("enabled"):
            webhook = self._patched(webhook_id, body)
            if "url" in body and webhook.enabled:
                verification.after_moving(webhook_id)
            return webhook
        rest = {name: value for name, value in body.items() if name != "enabled"}
        if verification.comes_first and rest.keys() - {"type"}:
            self._patched(webhook_id, rest)  # what is tested is what will be enabled
            verification.before_enabling(webhook_id)
            return self._patched_last(webhook_id, body)
        verification.before_enabling(webhook_id)
        webhook = self._patched(webhook_id, body)
        verification.after_enabling(webhook_id)
        return webhook

    def _patched_last(self, webhook_id: str, body: Fields) -> Webhook:
        try:
            return self._patched(webhook_id, body)
        except EngineGone:
            raise
        except UpvestError as error:
            half_done = HalfDone(error.summary, *error.details, fix=error.fix)
            half_done.outcome_unknown = error.outcome_unknown
            raise half_done from None

    def delete(self, webhook_id: str, created_at: str = "") -> None:
        """Delete a webhook; one that Upvest itself says is gone is deleted already.

        Raises:
            UpvestError: With `outcome_unknown` where it may be deleted; or something is to take its place first.
        """
        if webhook_id in self._awaited:
            raise awaited(webhook_id, self._awaited[webhook_id])
        try:
            self._client.delete_webhook(webhook_id)
        except NotFound as error:
            if not error.outcome_unknown:
                self._refuse_newborn(webhook_id, created_at, error)
            already = "" if error.outcome_unknown else "already "  # an attempt without an answer may have done it
            self._say(f"webhook {webhook_id} was {already}gone")
        except UpvestError as error:
            raise _unclear(error, f"Webhook {webhook_id} may be deleted already.") from None
        self._list.forget(webhook_id)

    def _without_leftovers(self, wanted: Wanted, *, but: str = "") -> list[Webhook]:
        """The account's webhooks, after deleting what an earlier run of this resource made and did not finish.

        Args:
            wanted: What is to be made or adopted.
            but: The id of what is to be adopted, which may be such a leftover.
        """
        webhooks = self._list.all()
        listed_so = [webhook for webhook in webhooks if webhook.title == wanted.claim and webhook.id != but]
        for webhook in filter(self._is_unfinished, listed_so):
            self._say(
                f"{wanted.name!r}: deleting webhook {webhook.id}, which an earlier run left unfinished "
                f"(if Pulumi warns of a pending operation, {CLEARS_PENDING} clears it)"
            )
            self.delete(webhook.id, webhook.created_at)
        others = self._list.all() if listed_so else webhooks
        self._name_unfinished(others)
        return others

    def _is_unfinished(self, listed: Webhook) -> bool:
        """Whether a webhook still has its claim: a list that lags may show that of one that is live by now."""
        try:
            webhook = self._noted(self._client.get_webhook(listed.id))
        except NotFound:
            self._list.forget(listed.id)
            return False
        return webhook.title == listed.title

    def _refuse_twin(self, wanted: Wanted, others: Iterable[Webhook]) -> None:
        """Refuse a second subscription that delivers the same events to the same place."""
        finished = (other for other in others if not is_claim(other.title))
        for other, shared in twins_of(wanted.declared, finished):
            self._awaited[other.id] = wanted.name
            raise refusal(other, shared, self._holder(other.id))

    def _awaiting(self, error: UpvestError, wanted: Wanted, others: Iterable[Webhook]) -> UpvestError:
        """The error; what Upvest refused the webhook for is not deleted before it."""
        for other in in_the_way(error, wanted.declared, others):
            if self._holder(other.id) is None:
                self._awaited[other.id] = wanted.name
                error = refusal_of_upvest(error, other)
        return error

    def _refuse_doubling(self, webhook_id: str, name: str, held: Fields, after: Fields) -> None:
        """Refuse a change after which another webhook delivers events to the same place that it did not before.

        One of this stack is to change as well, for a program has no twins: that is said, and lasts moments.
        """
        try:
            webhooks = self._list.all()
        except UpvestError as error:
            error.outcome_unknown = False  # whatever became of the list's request
            raise _told(error, f"Webhook {webhook_id} was not changed.") from None
        others = [other for other in webhooks if other.enabled and other.id != webhook_id]
        for other, shared in new_twins(held, after, others):
            if other.id not in self._of_this_stack and self._holder(other.id) is None:
                self._awaited[other.id] = name
                raise refusal_of_change(webhook_id, other, shared)
            self._say(
                f"warning: webhook {webhook_id}: {listed(shared)} arrives twice at {origin(after['url'])} until "
                f"webhook {other.id}, which is of this stack too, has changed or gone"
            )

    def _name_unfinished(self, webhooks: Iterable[Webhook]) -> None:
        """Say once of each what nobody in this run will finish."""
        unfinished = [hook for hook in webhooks if is_claim(hook.title) and not self._is_own(hook.title)]
        with self._lock:
            news = [webhook for webhook in unfinished if webhook.id not in self._named]
            self._named.update(webhook.id for webhook in news)
        for webhook in news:
            self._say(
                f"warning: webhook {webhook.id} ({webhook.title}) is unfinished. The next `pulumi up` of the "
                "stack that made it removes it; if its resource is up already, renamed or dropped, delete it "
                f"(DELETE /webhooks/{webhook.id})"
            )

    def _name_doubled(self, webhooks: Iterable[Webhook]) -> None:
        """Say what delivers twice already, whoever made it."""
        for one, other, shared in doubled(webhooks):
            self._say(
                f"warning: webhooks {one.id} ({one.title!r}) and {other.id} ({other.title!r}) both deliver "
                f"{listed(shared)} to {origin(one.url)}: delete or disable the one that no stack holds "
                "(`upvest-webhooks list --stack STACK` tells whose they are)"
            )

    def _is_own(self, claim: str) -> bool:
        return claim in self._claims_of_this_run or self._is_declared(claim)

    def _claim(self, wanted: Wanted, others: Iterable[Webhook], unclear: list[UpvestError]) -> Webhook:
        """POST under the claim; where the outcome is unclear, look before posting again.

        Args:
            wanted: What is to be made.
            others: What the account holds.
            unclear: Gathers the errors of POSTs that may yet show up.
        """
        body = {name: value for name, value in wanted.declared.items() if name != "enabled"}
        body["title"] = wanted.claim
        unseen = f"No webhook titled {wanted.claim} was seen. If one shows up late, it is disabled."
        for attempt in itertools.count(1):
            try:
                return self._noted(self._client.create_webhook(body))
            except UpvestError as failure:
                error = self._awaiting(failure, wanted, others)
                if not error.outcome_unknown and attempt == 1:
                    raise error from None
                unclear.extend([error] if error.outcome_unknown else [])
                found = self._found_after(error, wanted) if error.outcome_unknown else None
                if found is not None:
                    return found
                if not error.outcome_unknown or attempt == limits.CREATE_ATTEMPTS:
                    raise _told(error, f"{unseen} {NEXT_UP_REMOVES_IT}") from None
        raise AssertionError  # pragma: no cover - for the type checker: the loop has no end of its own

    def _found_after(self, error: UpvestError, wanted: Wanted) -> Webhook | None:
        """What an unclear POST made; of several, all but the newest are deleted."""
        try:
            found = [webhook for webhook in self._list.all(anew=True) if webhook.title == wanted.claim]
            for surplus in found[:-1]:
                self.delete(surplus.id, surplus.created_at)
        except UpvestError as failure:
            raise _told(
                failure if isinstance(failure, EngineGone) else error,
                f"Left behind, perhaps: a disabled webhook titled {wanted.claim}. {NEXT_UP_REMOVES_IT}",
            ) from None
        return found[-1] if found else None

    def _finish(self, made: Webhook, wanted: Wanted, verification: Verification | None) -> Webhook:
        """The real title, and the enabling where it is declared, in one PATCH.

        Whatever else differs goes along: what was found may be an earlier run's, posted late with old values.
        """
        held = fields_of(made)
        paths = {"title", *differing(wanted.declared, held, None)}
        body = patch(paths, wanted.declared, held)
        if not wanted.declared.get("enabled"):
            return self._patched(made.id, body)
        if verification:
            if paths & {"url"}:
                self._patched(made.id, {"url": body["url"], "type": body["type"]})
            verification.before_enabling(made.id)
        webhook = self._patched(made.id, body)
        if verification:
            verification.after_enabling(made.id)
        return webhook

    def _patched(self, webhook_id: str, body: Fields) -> Webhook:
        webhook = self._noted(self._client.update_webhook(webhook_id, body))
        for path in not_taken(body, fields_of(webhook)):
            self._say(f"warning: Upvest did not take {path} of webhook {webhook_id} as it was sent")
        return webhook

    def _undone(self, made: Webhook, error: UpvestError, *, late: bool) -> UpvestError:
        try:
            self.delete(made.id, made.created_at)
        except UpvestError as clean_up:
            perhaps = ", perhaps" if clean_up.outcome_unknown else ""
            return _told(
                error,
                f"Left behind{perhaps}: webhook {made.id}, for deleting it failed too ({clean_up.summary}).",
                _while_unfinished(made),
            )
        if late:
            return _told(
                error,
                f"Webhook {made.id}, made on the way, was deleted again.",
                f"If another titled {made.title} shows up late, it is disabled. {NEXT_UP_REMOVES_IT}",
            )
        return _told(error, f"Nothing was left behind: webhook {made.id}, made on the way, was deleted again.")

    def _restored(self, webhook_id: str, old: Fields, error: UpvestError) -> UpvestError:
        """The error, with what became of the old values."""
        late = ", unless the change that got no answer arrives late" if error.outcome_unknown else ""
        failure = self._failure(webhook_id, old)
        if failure is None:
            return _told(error, f"Webhook {webhook_id} was set back to its old values{late}.")
        # The API may take an old title or delay no more; where events go must go back all the same.
        places = {name: value for name, value in old.items() if name in DELIVERED}
        is_refused = not failure.outcome_unknown and not isinstance(failure, EngineGone)
        if is_refused and places != old and self._failure(webhook_id, places) is None:
            return _to_be_found_out(
                error,
                f"Webhook {webhook_id} was set back to its old {', '.join(sorted(places))}{late}.",
                f"Its other new values may stay, for going back failed ({failure.summary}).",
            )
        return _to_be_found_out(
            error, f"Webhook {webhook_id} may hold the new values: going back failed ({failure.summary})."
        )

    def _failure(self, webhook_id: str, values: Fields) -> UpvestError | None:
        try:
            self._patched(webhook_id, values)
        except UpvestError as failure:
            return failure
        return None

    def _noted(self, webhook: Webhook) -> Webhook:
        self._list.note(webhook)
        return webhook


def fields_of(webhook: Webhook) -> dict[str, Any]:
    """The API's fields of a webhook, as plain values."""
    return {
        "title": webhook.title,
        "url": webhook.url,
        "type": webhook.type,
        "exclude_type": webhook.exclude_type,
        CONFIG: webhook.config.model_dump(exclude_none=True),
        "enabled": webhook.enabled,
    }


def _while_unfinished(made: Webhook) -> str:
    """An unanswered PATCH may have finished it, so its title is what tells."""
    return f"If it is still titled {made.title}, it is disabled. {NEXT_UP_REMOVES_IT}"


def _unclear(error: UpvestError, outcome: str) -> UpvestError:
    """An error that leaves the outcome unknown says so, and how to find out; any other is as it was."""
    return _to_be_found_out(error, outcome) if error.outcome_unknown else error


def _to_be_found_out(error: UpvestError, *outcome: str) -> UpvestError:
    """The same error, ending with the look at what became of it."""
    if isinstance(error, EngineGone):
        return _told(error, *outcome)
    more = outcome if error.fix == FINDS_OUT else (*outcome, error.fix)
    unclear = UpvestError(error.summary, *error.details, *more, fix=FINDS_OUT)
    unclear.outcome_unknown = True
    return unclear


def _told(error: UpvestError, *more: str) -> UpvestError:
    """The same error with more lines before its last."""
    kind = EngineGone if isinstance(error, EngineGone) else UpvestError
    told = kind(error.summary, *error.details, *more, fix=error.fix)
    told.outcome_unknown = error.outcome_unknown
    return told
