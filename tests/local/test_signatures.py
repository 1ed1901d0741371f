from __future__ import annotations

import base64
import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from hypothesis import example, given
from hypothesis import strategies as st

from upvest_provider.local.exchange import Call
from upvest_provider.local.problems import Problem
from upvest_provider.local.signature import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local.conftest import Caller, Clock, Params
    from upvest_provider.local import LocalUpvest

    PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

OPENSSL_PUBLIC_KEY = b"""-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQA4oSmoPHu7Yw8XfvgW+rYBg3rLP9K
0keVyW6FmRkS7+eFjGFFATlRT+Lrre5uUUg3Qv8w1pzKgXFU3edFm2ycdfUBI1HD
d8gpC35gvKnv7uF7B/MgKiYgy7XCDJhit0/Rr9MAB8oxJkvpByZPanyPTIgge9ND
QYRHnTmrxjTjwt//dRA=
-----END PUBLIC KEY-----
"""
OPENSSL_SIGNATURE = (
    "MIGIAkIBSYSZN347VzL7wTe+zhvgc3uxcFx0jr81FBfT9ZXBLLZdF7Upx4TeWjQuwnRejcz7xSODf4y2LSqA+XYi21NKVlUC"
    "QgEQ6v+IzBlu8fdgTIQiIY3VrWxTqliCSkBgBKNehrR/qXY7RDpwM4uLY3aHquVrD/HKTzXwnDakQ03Vvckpr8SMFQ=="
)

WEBHOOK = {"title": "User webhook", "url": "https://hooks.tenant.tld/users"}


@pytest.fixture
def params(client: Caller) -> Params:
    """Parameters of a good signature."""
    return client.params()


def _register(upvest: LocalUpvest, client: Caller, key: PrivateKey) -> None:
    registered = upvest.store.client(client.client_id)
    assert registered
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    upvest.store.add_client(replace(registered, public_key=pem))


def test_a_signature_made_with_openssl_is_verified() -> None:
    # The base was written by hand into a file and signed with `openssl dgst -sha512 -sign key.pem`.
    public_key = load_pem_public_key(OPENSSL_PUBLIC_KEY)
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    call = Call(
        method="GET",
        path="/webhooks",
        query="limit=2",
        headers={
            "accept": "application/json",
            "upvest-signature-version": "15",
            "signature-input": 'sig1=("@method" "@path" "@query" "accept")'
            ';keyid="k";created=1790000000;expires=1790000060;nonce="n"',
            "signature": f"sig1=:{OPENSSL_SIGNATURE}:",
        },
        body=b"",
    )
    assert verify(call, 1_790_000_001.0, {"k": public_key}.get).components == (
        "@method",
        "@path",
        "@query",
        "accept",
    )


@pytest.mark.parametrize(
    ("body", "documented"),
    [
        (
            b'{"hello": "world"}',
            "WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==",
        ),
        (
            b'{"key": "value"}',
            "Hd9/AvGZkbjitW1+Ml8Fg1ux1mtcDYe6mLQjDyoowIWa3LM/PmwN2v9O+MjtQGrCA3EQWUL54dlgxKHyYbrucw==",
        ),
    ],
)
def test_the_digests_of_the_guide_are_right(client: Caller, body: bytes, documented: str) -> None:
    reply = client.call("POST", "/webhooks", body=body, change={"content-digest": f"sha-512=:{documented}:"})
    assert reply.refusal == (
        400,
        f"title: required; url: required; {next(iter(json.loads(body)))}: not a field of this request",
    )


def test_a_changed_body_is_refused(client: Caller) -> None:
    reply = client.call(
        "POST",
        "/webhooks",
        WEBHOOK,
        change={"content-digest": f"sha-512=:{base64.b64encode(bytes(64)).decode()}:"},
    )
    assert reply.refusal == (401, "Signature: content-digest is not the digest of this body.")


@pytest.mark.parametrize(
    ("digest", "detail"),
    [
        ("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", "content-digest must hold a sha-512 digest."),
        ("SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=", "header content-digest is malformed: "),
        ("sha-512=5", "content-digest is not the digest of this body."),
    ],
)
def test_another_kind_of_digest_is_refused(client: Caller, digest: str, detail: str) -> None:
    reply = client.call("POST", "/webhooks", body=b'{"hello": "world"}', change={"content-digest": digest})
    assert reply.status == 401
    assert reply.json["detail"].startswith(f"Signature: {detail}")


@pytest.mark.parametrize(
    ("curve", "alg"),
    [
        (ec.SECP521R1(), "ecdsa-p521-sha512"),
        (ec.SECP384R1(), "ecdsa-p384-sha512"),
        (ec.SECP256R1(), "ecdsa-p256-sha512"),
    ],
)
def test_a_key_on_any_curve_signs_with_sha_512(
    upvest: LocalUpvest, client: Caller, curve: ec.EllipticCurve, alg: str
) -> None:
    key = ec.generate_private_key(curve)
    _register(upvest, client, key)
    client.sign = lambda base: key.sign(base, ec.ECDSA(SHA512()))
    assert client.call("GET", "/webhooks").status == 200
    assert client.call("GET", "/webhooks", params=client.params(alg=alg)).status == 200


def test_an_ed25519_key_signs(upvest: LocalUpvest, client: Caller) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    _register(upvest, client, key)
    client.sign = key.sign
    assert client.call("GET", "/webhooks").status == 200
    assert client.call("GET", "/webhooks", params=client.params(alg="ed25519")).status == 200
    client.sign = ed25519.Ed25519PrivateKey.generate().sign
    assert client.call("GET", "/webhooks").refusal == (401, "Signature is incorrect.")


def test_an_algorithm_that_is_not_that_of_the_key_is_refused(client: Caller) -> None:
    reply = client.call("GET", "/webhooks", params=client.params(alg="ed25519"))
    assert reply.refusal == (
        401,
        "Signature: alg is ed25519, but the registered key is one for ecdsa-p521-sha512.",
    )


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"created": 61}, "Signature: created lies 61 s in the future."),
        ({"created": -61, "expires": 0}, "Signature: it expired 0 s ago."),
        ({"created": -400, "expires": -100}, "Signature: it expired 100 s ago."),
        ({"expires": 301}, "Signature: expires lies more than 300 s after created."),
    ],
)
def test_a_signature_out_of_its_time_is_refused(
    client: Caller, params: Params, clock: Clock, change: Mapping[str, int], detail: str
) -> None:
    shifted = {name: int(clock.now) + seconds for name, seconds in change.items()}
    assert client.call("GET", "/webhooks", params=params | shifted).refusal == (401, detail)


@pytest.mark.parametrize(
    "change", [{"created": 60, "expires": 120}, {"created": -59, "expires": 1}, {"expires": 300}]
)
def test_a_signature_within_its_time_is_taken(
    client: Caller, params: Params, clock: Clock, change: Mapping[str, int]
) -> None:
    shifted = {name: int(clock.now) + seconds for name, seconds in change.items()}
    assert client.call("GET", "/webhooks", params=params | shifted).status == 200


@pytest.mark.parametrize("name", ["keyid", "nonce", "created", "expires"])
@pytest.mark.parametrize("kind", ["missing", "wrong"])
def test_a_parameter_that_is_missing_or_of_the_wrong_type_is_refused(
    client: Caller, params: Params, name: str, kind: str
) -> None:
    value = params.pop(name)
    if kind == "wrong":
        params[name] = 12 if isinstance(value, str) else str(value)
    reply = client.call("GET", "/webhooks", params=params)
    assert reply.refusal == (401, f"Signature: parameter {name} is missing or of the wrong type.")


def test_a_reused_nonce_is_refused_until_its_signature_expires(
    client: Caller, params: Params, clock: Clock
) -> None:
    assert client.call("GET", "/webhooks", params=params).status == 200
    again = client.call("GET", "/webhooks", params=params)
    assert again.refusal == (401, "Signature: this nonce was used before.")
    clock.now += 61
    renewed = params | {"created": int(clock.now), "expires": int(clock.now) + 60}
    assert client.call("GET", "/webhooks", params=renewed).status == 200


def test_a_nonce_is_used_up_by_a_refused_request_too(client: Caller, params: Params) -> None:
    assert client.call("POST", "/webhooks", {}, params=params).status == 400
    assert client.call("POST", "/webhooks", WEBHOOK, params=params).status == 401


def test_a_wrong_signature_does_not_use_up_its_nonce(client: Caller) -> None:
    sent = client.signed("GET", "/webhooks")
    assert client.send(sent, {"accept": "*/*"}).refusal == (401, "Signature is incorrect.")
    assert client.send(sent).status == 200


def test_an_unknown_key_is_refused(client: Caller, params: Params) -> None:
    reply = client.call("GET", "/webhooks", params=params | {"keyid": "nobody"})
    assert reply.refusal == (401, 'Signature: no key is registered under keyid "nobody".')


def test_another_key_than_the_registered_one_is_refused(client: Caller) -> None:
    client.sign = lambda base: ec.generate_private_key(ec.SECP521R1()).sign(base, ec.ECDSA(SHA512()))
    assert client.call("GET", "/webhooks").refusal == (401, "Signature is incorrect.")


def test_the_ietf_form_of_an_ecdsa_signature_is_refused_with_a_hint(client: Caller) -> None:
    der = client.sign
    client.sign = lambda base: b"".join(part.to_bytes(66) for part in decode_dss_signature(der(base)))
    assert client.call("GET", "/webhooks").refusal == (
        401,
        "Signature is incorrect: ECDSA signatures must be ASN.1 DER, not r||s.",
    )


@pytest.mark.parametrize(
    "name",
    [
        "@method",
        "@path",
        "@query",
        "authorization",
        "upvest-client-id",
        "content-type",
        "content-length",
        "content-digest",
    ],
)
def test_a_component_that_must_be_covered_is_missed(client: Caller, name: str) -> None:
    reply = client.call(
        "POST", "/webhooks?limit=1", WEBHOOK, cover=lambda usual: [each for each in usual if each != name]
    )
    assert reply.refusal == (401, f'Signature: "{name}" must be covered.')


@pytest.mark.parametrize(
    "tampered",
    [
        {"method": "PATCH"},
        {"target": "/webhooks/another?limit=1"},
        {"target": "/webhooks/one?limit=2"},
        {"headers": {"accept": "*/*"}},
        {"headers": {"authorization": "Bearer another"}},
    ],
    ids=str,
)
def test_what_is_covered_cannot_be_changed(client: Caller, tampered: dict[str, Any]) -> None:
    sent = client.signed("GET", "/webhooks/one?limit=1")
    assert client.send(sent).status == 404
    sent = client.signed("GET", "/webhooks/one?limit=1")
    changed = replace(sent, **{**tampered, "headers": {**sent.headers, **tampered.get("headers", {})}})
    assert client.send(changed).refusal == (401, "Signature is incorrect.")


def test_components_may_be_in_any_order(client: Caller) -> None:
    reply = client.call("POST", "/webhooks?limit=1", WEBHOOK, cover=lambda usual: usual[::-1])
    assert reply.status == 201


@pytest.mark.parametrize(
    "order", [["expires", "nonce", "created", "keyid"], ["nonce", "keyid", "expires", "created"]]
)
def test_parameters_may_be_in_any_order(client: Caller, params: Params, order: list[str]) -> None:
    reply = client.call("GET", "/webhooks", params={name: params[name] for name in order})
    assert reply.status == 200


def test_an_unknown_parameter_is_signed_like_the_others(client: Caller, params: Params) -> None:
    assert client.call("GET", "/webhooks", params=params | {"tag": "mine"}).status == 200


def test_any_label_is_taken(client: Caller) -> None:
    assert client.call("GET", "/webhooks", label="mine").status == 200


def test_the_query_may_be_covered_where_there_is_none(client: Caller) -> None:
    assert client.call("GET", "/webhooks", cover=lambda usual: [*usual, "@query"]).status == 200


def test_extra_headers_may_be_signed_or_not(client: Caller) -> None:
    extra = {"date": "Mon, 21 Sep 2026 14:13:20 GMT", "idempotency-key": str(uuid.uuid4()), "content-length": "0"}
    assert client.call("GET", "/webhooks", change=extra).status == 200
    assert client.send(client.signed("GET", "/webhooks"), extra).status == 200


def test_a_covered_header_that_was_not_sent_is_refused(client: Caller) -> None:
    reply = client.send(client.signed("GET", "/webhooks", change={"date": "today"}), {"date": None})
    assert reply.refusal == (401, 'Signature: "date" is covered, but this request has no such component.')


@pytest.mark.parametrize("name", ["signature", "signature-input"])
def test_a_request_without_a_signature_is_refused(client: Caller, name: str) -> None:
    reply = client.send(client.signed("GET", "/webhooks"), {name: None})
    assert reply.refusal == (401, f"Signature: header {name} is missing.")


@pytest.mark.parametrize(
    ("version", "detail"),
    [
        (
            None,
            (
                "Signature: without the header upvest-signature-version: 15 this request counts as signed by "
                "version 6, which is not taken here."
            ),
        ),
        ("6", "Signature: upvest-signature-version must be 15, not 6."),
    ],
)
def test_another_version_of_signatures_is_refused(client: Caller, version: str | None, detail: str) -> None:
    reply = client.send(client.signed("GET", "/webhooks"), {"upvest-signature-version": version})
    assert reply.refusal == (401, detail)


PARAMETERS = 'keyid="k";created=1;expires=1;nonce="n"'


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({"signature-input": 'sig1=("@method"'}, "header signature-input is malformed: "),
        ({"signature-input": "sig1=(\xe9)"}, "header signature-input is malformed: "),
        ({"signature": "sig1=:&:"}, "header signature is malformed: "),
        ({"signature-input": ""}, "signature-input and signature must hold one signature under one label."),
        ({"signature": "sig1=::, sig2=::"}, "signature-input and signature must hold one signature"),
        ({"signature": "sig2=::"}, "signature-input and signature must hold one signature"),
        ({"signature-input": "sig1"}, "signature-input must be a list of components, signature bytes."),
        ({"signature": "sig1=5"}, "signature-input must be a list of components, signature bytes."),
        ({"signature-input": f"sig1=(5);{PARAMETERS}"}, "components must be lower-case names"),
        ({"signature-input": f'sig1=("@method";req);{PARAMETERS}'}, "components must be lower-case names"),
        ({"signature-input": f'sig1=("Accept");{PARAMETERS}'}, "components must be lower-case names"),
    ],
)
def test_a_malformed_signature_is_refused(client: Caller, headers: Mapping[str, str], detail: str) -> None:
    reply = client.send(client.signed("GET", "/webhooks"), headers)
    assert reply.status == 401
    assert reply.json["detail"].startswith(f"Signature: {detail}")


def test_a_component_that_is_covered_twice_is_refused(client: Caller) -> None:
    reply = client.call("GET", "/webhooks", cover=lambda usual: [*usual, "@path"])
    assert reply.refusal == (401, "Signature: a component is covered twice.")


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
@example('sig1=("@method");keyid="k";created=1;expires=1;nonce="n"', "sig1=::")
def test_whatever_the_signature_headers_hold_they_are_refused_in_order(inputs: str, value: str) -> None:
    headers = {"upvest-signature-version": "15", "signature-input": inputs, "signature": value}
    with pytest.raises(Problem) as refused:
        verify(Call("GET", "/webhooks", "", headers, b""), 2.0, lambda _: None)
    assert refused.value.status == 401
