"""What the handshakes with a host say about its readiness. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .finding import Check, Finding
from .handshake import Handshake, Trouble

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from .certificate import Certificate

RENEW = timedelta(days=14)
"""A certificate that expires sooner is warned of: renewal commonly happens 30 days before."""

TOO_OLD = frozenset({"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"})

NAMES_SHOWN = 3

# OpenSSL, include/openssl/x509_vfy.h: X509_V_ERR_…
NOT_YET_VALID, EXPIRED = 9, 10
SELF_SIGNED, SELF_SIGNED_IN_CHAIN, ISSUER_UNKNOWN, LEAF_UNVERIFIED = 18, 19, 20, 21
OTHER_NAME = 62


@dataclass(frozen=True, slots=True)
class _Fault:
    seen: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Rules:
    host: str
    now: datetime
    min_validity: timedelta
    roots: str


def judge_tls(
    handshakes: Sequence[Handshake],
    host: str,
    now: float,
    min_validity: float,
    roots: str,
    *,
    held: Collection[str] | None = None,
) -> Finding:
    """Every IPv4 address must pass; a failing IPv6 address, or one that DNS has dropped, is a warning.

    Args:
        handshakes: One for each address.
        host: The name that the certificates must hold.
        now: Unix time.
        min_validity: Seconds that a certificate must still be valid for.
        roots: The name of the roots that were trusted.
        held: The addresses that DNS gives by now; None for all that were met.
    """
    rules = _Rules(host, datetime.fromtimestamp(now, UTC), timedelta(seconds=min_validity), roots)
    faults = [(met, fault) for met in handshakes if (fault := _fault(met, rules))]
    good = [met for met in handshakes if met not in [faulty for faulty, _ in faults]]
    stopping = [(met, fault) for met, fault in faults if not _is_v6(met) and (held is None or met.address in held)]
    excused = [(met, fault) for met, fault in faults if (met, fault) not in stopping]
    warnings = (*_expiring_soon(good, rules), *(_warning(met, fault) for met, fault in excused))
    if stopping:
        return _refusal(stopping, warnings)
    if not [met for met in good if not _is_v6(met)]:
        return _nobody_met(handshakes, host, warnings)
    return Finding(Check.TLS, passed=True, seen=_summary(good), warnings=warnings)


def _is_v6(met: Handshake) -> bool:
    return ":" in met.address


def _fault(met: Handshake, rules: _Rules) -> _Fault | None:
    if met.protocol in TOO_OLD:
        return _Fault(
            f"speaks only {met.protocol}, but TLS 1.2 or newer is needed", "Enable TLS 1.2 or 1.3 on the receiver."
        )
    if met.trouble is None:
        return _fault_of_dates(met.chain[0], rules) if met.chain else _unreadable()
    if met.trouble is Trouble.UNVERIFIED:
        return _fault_of_certificate(met, rules)
    return _fault_of_connection(met)


def _fault_of_connection(met: Handshake) -> _Fault:
    open_port = f"Start what listens on port {met.port}, and let this machine through its firewall."
    match met.trouble:
        case Trouble.REFUSED:
            return _Fault("no answer: connection refused", open_port)
        case Trouble.TIMED_OUT:
            return _Fault("no answer: the connection timed out", open_port)
        case Trouble.UNREACHABLE:
            return _Fault(
                f"no answer: {met.detail.lower()}",
                "Make the address reachable from this machine, or correct the DNS record.",
            )
        case Trouble.SILENT:
            return _Fault(
                "connected, but nothing answered the TLS handshake in time",
                f"See to it that what listens on port {met.port} speaks TLS and is not stuck.",
            )
        case Trouble.CUT:
            return _Fault(
                "connection reset during the TLS handshake",
                "Look at what stands before the receiver: load balancers without a certificate for the name, and"
                " firewalls, cut connections like this.",
            )
        case _:
            return _Fault(
                f"the TLS handshake failed: {met.detail}",
                f"See to it that what listens on port {met.port} speaks TLS 1.2 or 1.3 with common ciphers.",
            )


def _fault_of_certificate(met: Handshake, rules: _Rules) -> _Fault:
    if not met.chain:
        return _Fault(f"certificate refused: {met.detail}", "Install a certificate of a public authority.")
    own = met.chain[0]
    match met.verify_code:
        case code if code in {EXPIRED, NOT_YET_VALID}:
            return _fault_of_dates(own, rules) or _fault_of_chain_dates(code)
        case code if code == OTHER_NAME:
            return _fault_of_names(own, rules.host)
        case code if code in {SELF_SIGNED, SELF_SIGNED_IN_CHAIN, ISSUER_UNKNOWN, LEAF_UNVERIFIED}:
            return _fault_of_issuer(met.chain, rules.roots)
        case _:
            return _Fault(f"certificate refused: {met.detail}", "Install a certificate without this fault.")


def _fault_of_dates(own: Certificate, rules: _Rules) -> _Fault | None:
    until = _date(own.not_after)
    if own.not_after <= rules.now:
        return _Fault(
            f"certificate expired {until}", "Renew the certificate and see to it that the receiver loads it."
        )
    if own.not_before > rules.now:
        return _Fault(
            f"certificate is not valid before {_date(own.not_before)}",
            "Wait until then, install one that is valid now, or set this machine's clock.",
        )
    if own.not_after - rules.now < rules.min_validity:
        return _Fault(
            f"certificate expires {until}, and {_duration(rules.min_validity)} must be left",
            "Renew the certificate, or lower min_validity.",
        )
    return None


def _fault_of_chain_dates(code: int) -> _Fault:
    state = "expired" if code == EXPIRED else "not yet valid"
    return _Fault(
        f"a certificate that the receiver sends along with its own is {state}",
        "Serve the intermediate certificates that the authority publishes today.",
    )


def _fault_of_names(own: Certificate, host: str) -> _Fault:
    if not own.names:
        return _Fault(
            f"certificate holds no name but a common name ({own.subject}), which clients ignore",
            f"Install a certificate with {host} among its subject alternative names.",
        )
    more = len(own.names) - NAMES_SHOWN
    shown = ", ".join(own.names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return _Fault(
        f"certificate is for {shown}, not {host}",
        f"Install a certificate for {host}, or correct the receiver's rule that selects it by name.",
    )


def _fault_of_issuer(chain: Sequence[Certificate], roots: str) -> _Fault:
    own, top = chain[0], _top(chain)
    if own.self_issued:
        return _Fault(
            f"certificate is self-signed, and not among {roots}",
            "Install a certificate of a public authority, or name this one in ca_file.",
        )
    if top is own and own.issuer_is_published:
        return _Fault(
            f"intermediate certificate missing: {own.issuer!r} is neither sent along nor among {roots}",
            "Serve the full chain, the intermediates after the certificate.",
        )
    issuers = repr(own.issuer) if top.issuer == own.issuer else f"{own.issuer!r} under {top.issuer!r}"
    return _Fault(
        f"certificate is issued by {issuers}, not among {roots}",
        "If that is a proxy that inspects this network's traffic, run from another network; if it is an authority"
        " of your own, name its root in ca_file and serve the full chain.",
    )


def _top(chain: Sequence[Certificate]) -> Certificate:
    """The last certificate that issuers lead to from the host's own; servers send unrelated ones, too."""
    top = chain[0]
    for _ in chain:
        issuer = next((above for above in chain if above.subject == top.issuer), top)
        if issuer is top:
            break
        top = issuer
    return top


def _unreadable() -> _Fault:
    return _Fault("certificate is verified, but cannot be read", "Install a certificate of common form.")


def _refusal(stopping: Sequence[tuple[Handshake, _Fault]], warnings: tuple[str, ...]) -> Finding:
    first = stopping[0][1]
    alike = [met for met, fault in stopping if fault == first]
    others = len(stopping) - len(alike)
    more = f"; {others} more failed otherwise" if others else ""
    return Finding(
        Check.TLS, passed=False, seen=f"{first.seen}, at {_where(alike)}{more}", fix=first.fix, warnings=warnings
    )


def _nobody_met(handshakes: Sequence[Handshake], host: str, warnings: tuple[str, ...]) -> Finding:
    if any(not _is_v6(met) for met in handshakes):
        return Finding(
            Check.TLS,
            passed=False,
            seen=f"{host} moves: DNS no longer gives any address that was tried",
            fix="Wait until the DNS record rests.",
            warnings=warnings,
        )
    return Finding(
        Check.TLS,
        passed=False,
        seen=f"{host} has no IPv4 address to connect to",
        fix="Give it an A record.",
        warnings=warnings,
    )


def _warning(met: Handshake, fault: _Fault) -> str:
    excuse = "over IPv6, which is not required" if _is_v6(met) else "which DNS no longer gives"
    return f"{_endpoint(met)}, {excuse}: {fault.seen}"


def _expiring_soon(good: Iterable[Handshake], rules: _Rules) -> tuple[str, ...]:
    ends = {met.chain[0].not_after for met in good}
    return tuple(
        f"certificate expires {_date(end)}: renew it soon" for end in sorted(ends) if end - rules.now < RENEW
    )


def _summary(good: Sequence[Handshake]) -> str:
    soonest = min((met.chain[0] for met in good), key=lambda own: own.not_after)
    protocols = " and ".join(sorted({met.protocol for met in good}))
    asked = ", client certificate required" if any(met.client_certificate_required for met in good) else ""
    return (
        f"{protocols}, certificate of {soonest.issuer!r} valid until {_date(soonest.not_after)}{asked},"
        f" at {_where(good)}"
    )


def _where(handshakes: Sequence[Handshake]) -> str:
    shown = [_endpoint(met) for met in handshakes[:NAMES_SHOWN]]
    more = len(handshakes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _endpoint(met: Handshake) -> str:
    if met.port == 443:  # noqa: PLR2004 - of HTTPS
        return met.address
    return f"[{met.address}]:{met.port}" if _is_v6(met) else f"{met.address}:{met.port}"


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _duration(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    return f"{hours:g} h" if hours >= 1 else f"{length.total_seconds():g} s"
