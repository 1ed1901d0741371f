"""A certificate authority: a root that clients may trust, and the intermediate that it issues with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .credentials import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

CA_FILE = "ca.pem"
AUTHORITY_FILE = "authority.pem"

# Fixed, so that the authority is valid whatever time a test lives in.
_FOUNDED = datetime(2020, 1, 1, tzinfo=UTC)
_CLOSES = datetime(2100, 1, 1, tzinfo=UTC)

BACKDATED = timedelta(hours=1)
"""A certificate is valid from a little before its issue, for clocks that are behind."""


@dataclass(frozen=True)
class Certificate:
    """A certificate for one name, with its private key.

    Attributes:
        certificate_id: The SHA-256 of the certificate, in hexadecimal: another one for each issue.
        chain: The certificate and the intermediate, as PEM.
        private_key: As PEM, not encrypted.
        not_before: Seconds since 1970.
        not_after: The same.
    """

    certificate_id: str
    chain: str
    private_key: str
    not_before: float
    not_after: float


class Authority:
    """The authority of a state directory, founded if there is none.

    Args:
        state: The state directory, which exists.

    Attributes:
        ca_file: The root certificate as PEM, for those who are to trust it. Its private key is not kept.
    """

    def __init__(self, state: Path) -> None:
        self.ca_file = (state / CA_FILE).resolve()
        own = state / AUTHORITY_FILE
        if not own.exists():
            root, intermediate = _found()
            write_private(self.ca_file, root)
            write_private(own, intermediate)
        pem = own.read_bytes()
        key = load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{own} holds no EC key")
        self._key = key
        self._certificate = x509.load_pem_x509_certificate(pem)

    def issue(self, name: str, *, now: float, not_after: float) -> Certificate:
        """A certificate for a DNS name.

        Args:
            name: The name; a first label `*` stands for any one.
            now: Seconds since 1970.
            not_after: The same; may lie in the past, for a certificate that has expired.
        """
        ends = datetime.fromtimestamp(not_after, UTC)
        begins = min(datetime.fromtimestamp(now, UTC), ends) - BACKDATED
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(name[:64], self._certificate.subject, key.public_key(), begins, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(_issued_by(self._key), critical=False)
            .sign(self._key, SHA256())
        )
        return Certificate(
            certificate_id=certificate.fingerprint(SHA256()).hex(),
            chain=(_pem(certificate) + _pem(self._certificate)).decode(),
            private_key=_key_pem(key).decode(),
            not_before=begins.timestamp(),
            not_after=not_after,
        )


def _found() -> tuple[bytes, bytes]:
    """The root's certificate, and the intermediate's key and certificate."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local Root (loopback only)")])
    root = _authority("Local Root (loopback only)", root_name, root_key, root_key, path_length=1)
    intermediate = _authority("Local Intermediate (loopback only)", root_name, key, root_key, path_length=0)
    return _pem(root), _key_pem(key) + _pem(intermediate)


def _authority(
    name: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    path_length: int,
) -> x509.Certificate:
    return (
        _builder(name, issuer, key.public_key(), _FOUNDED, _CLOSES)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(_issued_by(issuer_key), critical=False)
        .sign(issuer_key, SHA256())
    )


def _builder(
    name: str, issuer: x509.Name, key: CertificatePublicKeyTypes, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), begins, ends).add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key), critical=False
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
