"""Which values may a webhook's fields have? Each is tried at its bounds and beyond them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.account import HOST, QUIET
from conformance.question import Found, Unclear, question

from .words import each, listed, taken

if TYPE_CHECKING:
    from conformance.ground import Ground


@question("1 to 100 characters (1.9.0); 1 to 32 of letters, digits, space and ()[]{}.- (July 2026)")
def title_rule(ground: Ground) -> Found:
    """Which of the two documented rules for titles holds?"""
    account = ground.account
    replies = {
        "33 letters": account.post(title=_title(ground, 33)),
        "_": account.post(title=account.title() + "_"),
    }
    fits = {name: reply.is_taken() for name, reply in replies.items()}
    if len(set(fits.values())) > 1:
        raise Unclear(f"neither rule holds: {listed(replies)}")
    return Found("100" if all(fits.values()) else "32", listed(replies))


@question("at most 100 (1.9.0); at most 32 (July 2026)")
def title_lengths(ground: Ground) -> Found:
    """How long may a title be?"""
    titles = {"0": "", "1": "c"} | {str(length): _title(ground, length) for length in (32, 33, 100, 101)}
    return each({length: ground.account.post(title=title) for length, title in titles.items()})


@question("any (1.9.0); letters, digits, space and ()[]{}.- (July 2026)")
def title_characters(ground: Ground) -> Found:
    """Which characters may a title have?"""
    characters = ("()[]{}.-", "_", "/", "ü", "✓")
    return each({shown: ground.account.post(title=ground.account.title() + shown) for shown in characters})


@question("at most 1000 (specifications 1.9.0 and of July 2026)", {"1000": "taken", "1001": "refused"})
def url_lengths(ground: Ground) -> Found:
    """How long may a URL be?"""
    return each(
        {str(length): ground.account.post(url=ground.account.url().ljust(length, "u")) for length in (1000, 1001)}
    )


@question("https, and a DNS name for a host (guide to registration, 2026); nothing about the rest")
def url_forms(ground: Ground) -> Found:
    """Which forms of a URL are taken, and which are rewritten?"""
    answers, seen = {}, {}
    for form, url in _url_forms(ground).items():
        reply = ground.account.post(url=url)
        got = reply.member("url") if reply.is_taken() else None
        answers[form] = "refused" if got is None else "kept" if got == url else "rewritten"
        seen[form] = f"{reply}" if got in (None, url) else f"{url} became {got}"
    return Found(answers, listed(seen))


@question("nothing; the guide has a receiver tested by a call of its own")
def url_of_no_receiver(ground: Ground) -> Found:
    """Is a URL taken at which nobody answers?"""
    created = ground.account.post()
    replies = {"creation": created}
    if created.is_taken():
        replies["change"] = ground.account.patch(created.document, url=ground.account.url(), type=QUIET)
    return each(replies)


@question("1s to 30s (July 2026); older ones allow 1s to 99m, as a pattern")
def delay_rule(ground: Ground) -> Found:
    """Are delays of minutes taken?"""
    reply = ground.account.post(config={"delay": "1m"})
    return Found("minutes" if reply.is_taken() else "seconds", f"1m: {reply}")


@question("1s to 30s (specification of July 2026)")
def delays(ground: Ground) -> Found:
    """Which delays are taken, and what becomes of them?"""
    answers: dict[str, object] = {}
    for delay in ("0s", "1s", "30s", "31s", "60s", "1m", "99m", "500ms", "5"):
        reply = ground.account.post(config={"delay": delay})
        answers[delay] = reply.member("config", "delay") if reply.is_taken() else "refused"
    return Found(answers, listed(answers))


@question(
    "100 to 1048576 bytes (specifications 1.9.0 and of July 2026)",
    {"99": "refused", "100": "taken", "1048576": "taken", "1048577": "refused"},
)
def package_sizes(ground: Ground) -> Found:
    """Which package sizes are taken?"""
    sizes = (99, 100, 1_048_576, 1_048_577)
    return each({str(size): ground.account.post(config={"max_package_size": size}) for size in sizes})


@question("further members of `config` are allowed (specifications 1.9.0 and of July 2026)", "taken")
def unknown_member_of_config(ground: Ground) -> Found:
    """Is a member of `config` taken that the API does not know?"""
    reply = ground.account.post(config={"conformance": "unknown"})
    return Found(taken(reply), f"config with conformance: unknown: {reply}")


def _title(ground: Ground, length: int) -> str:
    return ground.account.title().ljust(length, "t")


def _url_forms(ground: Ground) -> dict[str, str]:
    """By a name for the form. `.invalid` is no name anywhere (RFC 2606, 2), 192.0.2.1 nobody's (RFC 5737, 3)."""

    def path() -> str:
        return ground.account.path()

    return {
        "scheme http": f"http://{HOST}{path()}",
        "the default port": f"https://{HOST}:443{path()}",
        "another port": f"https://{HOST}:8443{path()}",
        "an IPv4 address": f"https://192.0.2.1{path()}",
        "a name that cannot exist": f"https://conformance.invalid{path()}",
        "a final dot": f"https://{HOST}.{path()}",
        "a query": f"https://{HOST}{path()}?a=1&b=2",
        "a fragment": f"https://{HOST}{path()}#part",
        "user information": f"https://user@{HOST}{path()}",
        "an escaped letter": f"https://{HOST}{path()}/%61",
        "a final slash": f"https://{HOST}{path()}/",
    }
