"""What a DNS message says, in the terms of `dns_records`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.rcode
from dns.rdatatype import RdataType

from .dns_records import Answer, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dns.message import Message
    from dns.name import Name
    from dns.rrset import RRset

    from .dns_query import Reply


def text(name: Name) -> str:
    """A name as people write it: in lower case, without a dot at the end."""
    return name.canonicalize().to_text(omit_final_dot=True)


def outcome(message: Message, name: Name, kind: RdataType, zone: Name) -> tuple[Outcome, str]:
    """What an authoritative server of a zone says about a name, and its own word for it."""
    code = message.rcode()
    if code is dns.rcode.REFUSED:
        return Outcome.REFUSED, "REFUSED"
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Outcome.LAME, dns.rcode.to_text(code)
    if not message.flags & dns.flags.AA:
        return _without_authority(message, name, zone)
    return _with_authority(message, name, kind)


def _with_authority(message: Message, name: Name, kind: RdataType) -> tuple[Outcome, str]:
    if _find(message.answer, name, kind):
        return Outcome.RECORDS, ""
    if _find(message.answer, name, RdataType.CNAME):  # of which NXDOMAIN may tell as well (RFC 6604)
        return Outcome.ALIAS, ""
    if message.rcode() is dns.rcode.NXDOMAIN:
        return Outcome.NO_NAME, "NXDOMAIN"
    return Outcome.NO_DATA, "NODATA"


def _without_authority(message: Message, name: Name, zone: Name) -> tuple[Outcome, str]:
    """Name servers answer with authority (AA, RFC 1035 §4.1.1) or refer to those that can."""
    cut = referred_zone(message, name)
    if cut and not message.answer:
        is_below = cut.is_subdomain(zone) and cut != zone
        return (Outcome.REFERRAL if is_below else Outcome.LAME), f"refers to the name servers of {text(cut)}"
    knows_of_it = any(record.rdtype is RdataType.SOA for record in message.authority)
    if message.answer or knows_of_it or message.rcode() is dns.rcode.NXDOMAIN:
        return Outcome.NOT_AUTHORITATIVE, "no AA bit"
    return Outcome.LAME, "no AA bit, and no answer"


def referred_zone(message: Message, name: Name) -> Name | None:
    """The zone whose name servers a referral names."""
    for records in message.authority:
        if records.rdtype is RdataType.NS and name.is_subdomain(records.name):
            return records.name
    return None


def name_servers(records: Iterable[RRset], zone: Name) -> list[Name]:
    """The name servers of a zone, as a section of a message lists them."""
    return [record.target for record in _find(records, zone, RdataType.NS) or ()]


def glue(message: Message, server: Name) -> list[str]:
    """The IPv4 addresses of a name server that came along with its name."""
    return [record.address for record in _find(message.additional, server, RdataType.A) or ()]


def addresses(message: Message, name: Name, kind: RdataType) -> tuple[str, ...]:
    """The addresses of a name, IPv4 or IPv6."""
    return tuple(record.address for record in _find(message.answer, name, kind) or ())


def from_name_server(reply: Reply, name: Name, zone: Name) -> Answer:
    """What an authoritative server said about the IPv4 addresses of a name."""
    if reply.message is None:
        return Answer(reply.server, Outcome.NO_REPLY, reply.fault)
    found, detail = outcome(reply.message, name, RdataType.A, zone)
    records = _find(reply.message.answer, name, RdataType.CNAME if found is Outcome.ALIAS else RdataType.A)
    return Answer(
        reply.server,
        found,
        detail,
        ipv4=addresses(reply.message, name, RdataType.A) if found is Outcome.RECORDS else (),
        aliases=(text(records[0].target),) if records and found is Outcome.ALIAS else (),
        ttl=records.ttl if records else None,
    )


def from_resolver(reply: Reply) -> Answer:
    """What a resolver said: records of the kind it was asked for, and the addresses among them."""
    if reply.message is None:
        return Answer(reply.server, Outcome.NO_REPLY, reply.fault)
    code = reply.message.rcode()
    if code is dns.rcode.REFUSED:
        return Answer(reply.server, Outcome.REFUSED, "REFUSED")
    if code not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Answer(reply.server, Outcome.LAME, dns.rcode.to_text(code))
    try:
        chain = reply.message.resolve_chaining()
    except dns.exception.DNSException:
        return Answer(reply.server, Outcome.LAME, "an answer that contradicts itself")
    aliases = tuple(text(alias[0].target) for alias in chain.cnames)
    if chain.answer:
        ipv4 = addresses(reply.message, chain.canonical_name, RdataType.A)
        validated = bool(reply.message.flags & dns.flags.AD)
        return Answer(
            reply.server, Outcome.RECORDS, ipv4=ipv4, aliases=aliases, ttl=chain.minimum_ttl, validated=validated
        )
    # A negative answer without a SOA is not to be kept (RFC 2308 §5).
    is_kept = any(records.rdtype is RdataType.SOA for records in reply.message.authority)
    none = (Outcome.NO_NAME, "NXDOMAIN") if code is dns.rcode.NXDOMAIN else (Outcome.NO_DATA, "NODATA")
    return Answer(reply.server, *none, aliases=aliases, ttl=chain.minimum_ttl if is_kept else None)


def _find(records: Iterable[RRset], name: Name, kind: RdataType) -> RRset | None:
    return next((each for each in records if each.name == name and each.rdtype is kind), None)
