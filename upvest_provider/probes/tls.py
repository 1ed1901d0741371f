"""Is the host met over TLS at all its addresses, as the host it is said to be?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .handshake import Handshake, roots_of, shake_hands, verifying_context
from .tls_judgement import judge_tls

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from .finding import Finding
    from .network import Network

MOST_ADDRESSES = 16
"""Addresses tried of one host: content networks give up to a dozen."""


def probe_tls(
    host: str,
    port: int,
    addresses: Sequence[str],
    network: Network,
    *,
    min_validity: float,
    fresh: Callable[[], Collection[str]],
) -> Finding:
    """Meet every address and judge what was seen.

    Args:
        host: The name that is asked for (SNI) and that the certificate must hold.
        port: Of all addresses.
        addresses: What DNS gave; the first 16 are tried.
        network: Time-out, roots and clock.
        min_validity: Seconds that the certificate must still be valid for.
        fresh: Asks DNS anew; called only if an address failed, for it counts only while DNS still gives it. No
            address is no answer, and excuses none.

    Raises:
        UnusableRoots: `ca_file` cannot be read.
    """
    handshakes = observe_tls(host, port, addresses, network)

    def judged(held: Collection[str]) -> Finding:
        return judge_tls(handshakes, host, network.clock(), min_validity, roots_of(network), held=held)

    finding = judged(addresses)
    return finding if finding.passed else judged(fresh() or addresses)


def observe_tls(host: str, port: int, addresses: Sequence[str], network: Network) -> tuple[Handshake, ...]:
    """One handshake with each of at most 16 addresses, all at once, through no proxy.

    Raises:
        UnusableRoots: `ca_file` cannot be read.
    """
    tried = addresses[:MOST_ADDRESSES]
    if not tried:
        return ()
    context = verifying_context(network)
    with ThreadPoolExecutor(len(tried), thread_name_prefix="tls") as pool:
        return tuple(
            pool.map(lambda address: shake_hands(host, port, address, context, network.tls_timeout), tried)
        )
