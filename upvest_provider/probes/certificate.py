"""What a certificate says, as far as a person needs it to see what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from .plain import plain

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as presented, trusted or not."""

    names: tuple[str, ...]
    """Subject alternative names: host names and addresses."""
    subject: str
    issuer: str
    self_issued: bool
    issuer_is_published: bool
    """Whether it says where its issuer's certificate is to be had; those of public authorities do."""
    not_before: datetime
    not_after: datetime


def read_certificate(der: bytes) -> Certificate | None:
    """What the certificate says; None where it cannot be read."""
    try:
        parsed = x509.load_der_x509_certificate(der)
        return Certificate(
            names=_names(parsed),
            subject=_shown(parsed.subject),
            issuer=_shown(parsed.issuer),
            self_issued=parsed.subject == parsed.issuer,
            issuer_is_published=_issuer_is_published(parsed),
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
        )
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    addresses = names.get_values_for_type(x509.IPAddress)
    return tuple(plain(str(name)) for name in (*hosts, *addresses))


def _issuer_is_published(parsed: x509.Certificate) -> bool:
    try:
        places = parsed.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return False
    return any(place.access_method == AuthorityInformationAccessOID.CA_ISSUERS for place in places)


def _shown(name: x509.Name) -> str:
    # Some roots are known by their organizational unit alone.
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            return plain(str(attribute.value))
    return plain(name.rfc4514_string())
