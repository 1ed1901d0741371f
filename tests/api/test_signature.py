from __future__ import annotations

import base64
import hashlib
import re
import string
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA512
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import CLIENT_ID, KEY_ID
from tests.api.scripted import TOKEN_PATH, Upstream, always, gives, says, takes, webhook
from upvest_provider.api import Credentials, SigningKey
from upvest_provider.api.signature import Request, sign
from upvest_provider.api.transport import Transport
from upvest_provider.local.exchange import Call
from upvest_provider.local.signature import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import Clock, Connect
    from tests.api.scripted import Received
    from upvest_provider.api import UpvestClient

    PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True)
class Signed:
    """What a `signature-input` says."""

    components: list[str]
    keyid: str
    created: int
    expires: int
    nonce: str


def verified(request: Received, key: PublicKey) -> Signed:
    """Checks a signature with nothing but what came over the wire and the public key."""
    assert request.headers["upvest-signature-version"] == "15"
    label, _, params = request.headers["signature-input"].partition("=")
    assert label == "sig1"
    read = re.fullmatch(
        r'\((?P<components>"[^"]+"(?: "[^"]+")*)\)'
        r';keyid="(?P<keyid>[^"]+)";created=(?P<created>\d+);expires=(?P<expires>\d+);nonce="(?P<nonce>[^"]+)"',
        params,
    )
    assert read, params
    components = [quoted.strip('"') for quoted in read["components"].split(" ")]
    values = {**request.headers, "@method": request.method, "@path": request.path, "@query": f"?{request.query}"}
    base = "".join(f'"{name}": {values[name]}\n' for name in components) + f'"@signature-params": {params}'
    value = re.fullmatch(r"sig1=:([A-Za-z0-9+/]+=*):", request.headers["signature"])
    assert value
    _check(key, base64.b64decode(value[1], validate=True), base.encode())
    if request.body:
        digest = base64.b64encode(hashlib.sha512(request.body).digest()).decode()
        assert request.headers["content-digest"] == f"sha-512=:{digest}:"
        assert request.headers["content-length"] == str(len(request.body))
    return Signed(components, read["keyid"], int(read["created"]), int(read["expires"]), read["nonce"])


def _check(key: PublicKey, signature: bytes, base: bytes) -> None:
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, base)
        return
    r, s = decode_dss_signature(signature)
    assert signature == encode_dss_signature(r, s)  # DER, not BER
    key.verify(signature, base, ec.ECDSA(SHA512()))


@pytest.fixture
def public_key(private_key: ec.EllipticCurvePrivateKey) -> ec.EllipticCurvePublicKey:
    return private_key.public_key()


def test_a_request_without_query_and_body_covers_method_path_and_its_headers(
    upstream: Upstream, client: UpvestClient, public_key: PublicKey
) -> None:
    upstream.api = always(gives(webhook()))
    client.get_webhook(webhook()["id"])
    [request] = upstream.calls
    signed = verified(request, public_key)
    assert signed.components == ["@method", "@path", "accept", "upvest-client-id", "authorization"]
    assert signed.keyid == KEY_ID


def test_a_query_is_covered_where_there_is_one(
    upstream: Upstream, client: UpvestClient, public_key: PublicKey
) -> None:
    client.list_webhooks()
    [request] = upstream.calls
    assert request.target == "/webhooks?offset=0&limit=1000"
    signed = verified(request, public_key)
    assert signed.components == ["@method", "@path", "@query", "accept", "upvest-client-id", "authorization"]


def test_a_body_is_covered_by_its_type_length_and_digest(
    upstream: Upstream, client: UpvestClient, public_key: PublicKey
) -> None:
    upstream.api = always(gives(webhook(), 201))
    client.create_webhook({"title": "Größe"})
    [request] = upstream.calls
    signed = verified(request, public_key)
    assert signed.components == [
        "@method",
        "@path",
        "accept",
        "upvest-client-id",
        "content-type",
        "authorization",
        "content-length",
        "content-digest",
    ]
    assert request.headers["content-type"] == "application/json"


def test_the_token_request_is_signed_without_authorization(
    upstream: Upstream, client: UpvestClient, public_key: PublicKey
) -> None:
    client.list_webhooks()
    [request] = upstream.token_requests
    signed = verified(request, public_key)
    assert signed.components == [
        "@method",
        "@path",
        "accept",
        "upvest-client-id",
        "content-type",
        "content-length",
        "content-digest",
    ]
    assert "authorization" not in request.headers
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.target == TOKEN_PATH


def test_nothing_goes_out_unsigned_but_host_connection_and_the_signature_itself(
    upstream: Upstream, client: UpvestClient, public_key: PublicKey
) -> None:
    upstream.api = always(gives(webhook()))
    client.update_webhook("42", {"enabled": True})
    for request in upstream.received:
        unsigned = request.headers.keys() - set(verified(request, public_key).components)
        assert unsigned == {"host", "signature", "signature-input", "upvest-signature-version"}


def test_a_get_and_a_delete_have_no_content_headers(upstream: Upstream, client: UpvestClient) -> None:
    client.list_webhooks()
    upstream.api = always(says(204, headers={"upvest-request-id": "made-up"}))
    client.delete_webhook("42")
    for request in upstream.calls:
        assert [name for name in request.headers if name.startswith("content-")] == []
        assert "transfer-encoding" not in request.headers


def test_a_post_without_a_body_signs_its_length_of_0(
    upstream: Upstream, client: UpvestClient, public_key: PublicKey
) -> None:
    upstream.api = always(takes(202))
    client.test_webhook("42")
    [request] = upstream.calls
    assert "content-length" in verified(request, public_key).components
    assert {name: value for name, value in request.headers.items() if name.startswith("content-")} == {
        "content-length": "0"
    }


def test_a_signature_is_created_now_and_expires_60_seconds_later(
    upstream: Upstream, client: UpvestClient, public_key: PublicKey, clock: Clock
) -> None:
    clock.now = 1_800_000_000.9
    client.list_webhooks()
    signed = [verified(request, public_key) for request in upstream.received]
    assert {(each.created, each.expires) for each in signed} == {(1_800_000_000, 1_800_000_060)}


def test_each_attempt_is_signed_anew(
    upstream: Upstream, connect: Connect, public_key: PublicKey, clock: Clock
) -> None:
    def sleep(_: float) -> None:
        clock.now += 1

    upstream.api = always(says(503))
    with pytest.raises(Exception, match="503"):
        connect(sleep=sleep).list_webhooks()
    signed = [verified(request, public_key) for request in upstream.received]
    assert len({each.nonce for each in signed}) == 6
    first = signed[0].created
    assert [each.created - first for each in signed] == [0, 0, 1, 2, 3, 4]


def test_an_ed25519_key_signs_too(upstream: Upstream, credentials: Credentials, connect: Connect) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    connect(credentials=replace(credentials, signing_key=SigningKey(key))).list_webhooks()
    assert [verified(request, key.public_key()).keyid for request in upstream.received] == [KEY_ID, KEY_ID]


def test_this_tests_verification_refuses_a_changed_request(
    upstream: Upstream, client: UpvestClient, public_key: PublicKey
) -> None:
    client.list_webhooks()
    [request] = upstream.calls
    with pytest.raises(InvalidSignature):
        verified(replace(request, target="/webhooks?offset=1&limit=1000"), public_key)
    with pytest.raises(InvalidSignature):
        verified(request, ec.generate_private_key(ec.SECP521R1()).public_key())


@pytest.mark.parametrize(
    ("body", "length", "digest"),
    [
        (
            b'{"hello": "world"}',
            "18",
            "WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==",
        ),
        (
            b'{"key": "value"}',
            "16",
            "Hd9/AvGZkbjitW1+Ml8Fg1ux1mtcDYe6mLQjDyoowIWa3LM/PmwN2v9O+MjtQGrCA3EQWUL54dlgxKHyYbrucw==",
        ),
    ],
)
def test_the_digests_of_upvests_guide_are_made(
    private_key: ec.EllipticCurvePrivateKey, body: bytes, length: str, digest: str
) -> None:
    request = Request("POST", "/webhooks", headers={"content-type": "application/json"}, body=body)
    headers = sign(request, key=SigningKey(private_key), key_id=KEY_ID, created=0, nonce="n")
    assert headers["content-digest"] == f"sha-512=:{digest}:"
    assert headers["content-length"] == length


# What RFC 3986 allows in a path and in a query; an HTTP client rewrites anything else.
UNRESERVED = string.ascii_letters + string.digits + "-._~"
ESCAPED = st.integers(0, 255).map("%{:02X}".format)
PATH_CHARACTER = st.sampled_from(UNRESERVED + "!$&'()*+,;=:@") | ESCAPED
QUERY_CHARACTER = PATH_CHARACTER | st.sampled_from("/?")
SEGMENT = st.lists(PATH_CHARACTER, max_size=8).map("".join).filter(lambda segment: segment not in (".", ".."))
PATH = st.lists(SEGMENT, min_size=1, max_size=4).map(lambda segments: "/" + "/".join(segments))
QUERY = st.lists(QUERY_CHARACTER, max_size=12).map("".join)
METHOD = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]) | st.text(
    string.ascii_uppercase, min_size=1, max_size=8
).filter(lambda method: method not in ("CONNECT", "HEAD"))
HEADER_NAME = st.text(string.ascii_lowercase + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=12)
HEADER_VALUE = st.text(string.printable[:95], max_size=20).map(str.strip)
HEADERS = st.dictionaries(HEADER_NAME.map("v-{}".format), HEADER_VALUE, max_size=4)


@pytest.fixture(scope="module")
def patient_upstream() -> Iterator[Upstream]:
    """One for all examples of a property."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def transport(patient_upstream: Upstream) -> Iterator[Transport]:
    transport = Transport(patient_upstream.url)
    yield transport
    transport.close()


@st.composite
def requests(draw: st.DrawFn) -> Request:
    body = draw(st.binary(max_size=200))
    usual = {"accept": "application/json", "upvest-client-id": CLIENT_ID}
    with_body = {"content-type": "application/json"} if body else {}
    return Request(draw(METHOD), draw(PATH), draw(QUERY), {**usual, **draw(HEADERS), **with_body}, body)


@given(request=requests())
def test_any_request_arrives_as_it_was_signed(
    patient_upstream: Upstream,
    transport: Transport,
    private_key: ec.EllipticCurvePrivateKey,
    request: Request,
) -> None:
    now = 1_790_000_000
    headers = sign(request, key=SigningKey(private_key), key_id=KEY_ID, created=now, nonce="n")
    transport.send(request, headers, timeout=10)
    arrived = patient_upstream.received.pop()
    assert (arrived.method, arrived.path, arrived.query, arrived.body) == (
        request.method,
        request.path,
        request.query,
        request.body,
    )
    assert arrived.headers.items() >= request.headers.items()
    assert verified(arrived, private_key.public_key()).nonce == "n"
    call = Call(arrived.method, arrived.path, arrived.query, arrived.headers, arrived.body)
    public_keys = {KEY_ID: private_key.public_key()}
    assert verify(call, now, public_keys.get).parameters["nonce"] == "n"
