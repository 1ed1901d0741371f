"""What does the API make of a new webhook?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.account import HOST, QUIET
from conformance.question import Found, Unclear, question

from .words import accepted, allowed, each, exclusion, taken

if TYPE_CHECKING:
    from conformance.ground import Ground

MEMBERS = {
    "": {"id", "created_at", "updated_at", "title", "url", "enabled", "type", "exclude_type", "config"},
    "config": {"delay", "max_package_size"},
}
"""Of a webhook (specification of July 2026), by where they stand."""


@question("no default; examples have 5s (1.9.0) and 1s (July 2026)")
def default_delay(ground: Ground) -> Found:
    """Which `config.delay` does a webhook get that is made without `config`?"""
    return _default_config(ground, "delay")


@question("no default; examples have 10240 (1.9.0) and 51200 (July 2026)")
def default_max_package_size(ground: Ground) -> Found:
    """Which `config.max_package_size` does a webhook get that is made without `config`?"""
    return _default_config(ground, "max_package_size")


@question("ALL (specifications 1.9.0 and of July 2026)", ["ALL"])
def default_type(ground: Ground) -> Found:
    """Which `type` does a webhook get that is made without?"""
    made = ground.account.make(type=None)
    return Found(made.get("type"), f"made without type: {made.get('type')}")


@question("not required in an answer (specification of July 2026)")
def default_exclude_type(ground: Ground) -> Found:
    """How does an answer show that nothing is excluded?"""
    shown = exclusion(ground.account.make(type=["ALL"]))
    return Found(shown, f"made without exclude_type: {shown}")


@question("examples of a new webhook have enabled: false", documented=False)
def default_enabled(ground: Ground) -> Found:
    """Is a new webhook enabled?"""
    made = ground.account.make()
    return Found(made.get("enabled"), f"enabled: {made.get('enabled')}")


@question("no field of a creation (specifications 1.9.0 and of July 2026)", "refused")
def enabled_at_creation(ground: Ground) -> Found:
    """Is `enabled` refused in a creation?"""
    reply = ground.account.post(enabled=False)
    return Found(taken(reply), f"with enabled: false: {reply}")


@question("the object is closed (specifications 1.9.0 and of July 2026)", "refused")
def unknown_member(ground: Ground) -> Found:
    """Is a member refused that the API does not know?"""
    reply = ground.account.post(conformance="unknown")
    return Found(taken(reply), f"with conformance: unknown: {reply}")


@question("a closed object; the versioning rule lets new members appear at any time")
def unknown_fields(ground: Ground) -> Found:
    """Do answers carry members that no document names?"""
    made = ground.account.make()
    extra = [f"{place}.{name}".lstrip(".") for place in MEMBERS for name in _members(made, place) - MEMBERS[place]]
    return Found("added" if extra else "none", f"beside the documented: {', '.join(sorted(extra)) or 'none'}")


@question("nothing; no 409 is listed")
def duplicate_url(ground: Ground) -> Found:
    """May two webhooks have one URL?"""
    first = ground.account.make()
    reply = ground.account.post(url=first["url"])
    return Found(allowed(reply), f"a second webhook with the URL of the first: {reply}")


@question("nothing; no 409 is listed")
def duplicate_title(ground: Ground) -> Found:
    """May two webhooks have one title?"""
    first = ground.account.make()
    reply = ground.account.post(title=first["title"])
    return Found(allowed(reply), f"a second webhook with the title of the first: {reply}")


@question("nothing")
def url_host(ground: Ground) -> Found:
    """Does the API rewrite the host of a URL in lower case?"""
    host, path = HOST.title(), ground.account.path()
    url = ground.account.make(url=f"https://{host}{path}").get("url")
    rewritten = {f"https://{host}{path}": "kept", f"https://{HOST}{path}": "lowered"}
    if url not in rewritten:
        raise Unclear(f"https://{host}{path} became {url}")
    return Found(rewritten[url], f"{host} became {HOST if rewritten[url] == 'lowered' else host}")


@question("nothing")
def type_order(ground: Ground) -> Found:
    """Does the API keep the order of `type`?"""
    sent = ["USER", "ACCOUNT", "ORDER"]
    got = ground.account.make(type=sent).get("type")
    if got not in (sent, sorted(sent)):
        raise Unclear(f"{sent} became {got}")
    return Found("kept" if got == sent else "sorted", f"{', '.join(sent)} became {', '.join(got)}")


@question("an enum, which grows within v1 (specification of July 2026)")
def unknown_category(ground: Ground) -> Found:
    """Is a category accepted that no document names?"""
    reply = ground.account.post(type=["CONFORMANCE"])
    return Found(accepted(reply), f"type CONFORMANCE: {reply}")


@question("the guide lists BUSINESS_CHECK, the enum does not; CASH_BALANCE_TRANSFER is an API group since 1.132.0")
def doubtful_categories(ground: Ground) -> Found:
    """Which categories does the API know that only some documents name?"""
    names = ("BUSINESS_CHECK", "CASH_BALANCE_TRANSFER")
    return each({name: ground.account.post(type=[name]) for name in names})


@question("nothing")
def all_beside_others(ground: Ground) -> Found:
    """Is ALL accepted beside other categories?"""
    reply = ground.account.post(type=["ALL", "USER"])
    return Found(accepted(reply), f"type ALL and USER: {reply}")


@question("no minimum length (specification 1.9.0)")
def empty_type(ground: Ground) -> Found:
    """Is a webhook accepted that has no categories?"""
    reply = ground.account.post(type=[])
    return Found(accepted(reply), f"type []: {reply}")


@question("ignored beside a list of types (guide to registration, 2026)")
def exclude_type_beside_types(ground: Ground) -> Found:
    """What becomes of `exclude_type` where `type` is not ALL?"""
    reply = ground.account.post(type=["USER", "ORDER"], exclude_type=["ORDER"])
    if not reply.is_taken():
        return Found("refused", f"{reply}")
    shown = exclusion(reply.document)
    return Found("kept" if shown == '["ORDER"]' else "dropped", f"ORDER became {shown}")


@question("`application/json`; a third party saw it refused with a charset")
def content_type_with_charset(ground: Ground) -> Found:
    """Is a body refused whose content type has a charset?"""
    reply = ground.account.post(headers={"content-type": "application/json; charset=utf-8"})
    return Found(taken(reply), f"with charset=utf-8: {reply}")


@question("no effect on webhooks (page on idempotency, 2026)", "taken")
def idempotency_key(ground: Ground) -> Found:
    """Is an idempotency key harmless?"""
    reply = ground.account.post(headers={"idempotency-key": "8f0c7d0e-6c5b-4d0f-9a57-0d5b0c3b6d11"})
    return Found(taken(reply), f"with a key: {reply}")


def _default_config(ground: Ground, member: str) -> Found:
    config = ground.account.make(type=QUIET).get("config")
    if not isinstance(config, dict) or member not in config:
        raise Unclear(f"made without config, the answer has config: {config}")
    return Found(config[member], f"made without config: {config[member]}")


def _members(webhook: dict[str, Any], place: str) -> set[str]:
    found = webhook.get(place) if place else webhook
    return set(found) if isinstance(found, dict) else set()
