from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from dns.rdatatype import RdataType

from upvest_provider.errors import SettingsError
from upvest_provider.local import ControlClient, LocalUpvest, dns_queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dns.message import Message, QueryMessage

    from tests.local.conftest import Clock

    Ask = Callable[..., Message]

RESOLVER, FIRST, SECOND, REGISTRY = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"
HOST = "hooks.tenant.tld"


@pytest.fixture
def ask(upvest: LocalUpvest) -> Ask:
    def ask(name: str, kind: str = "A", *, at: str = FIRST, tcp: bool = False, edns: bool = True) -> Message:
        query: QueryMessage = dns.message.make_query(name, kind, use_edns=edns)
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, at, timeout=5, port=upvest.world.dns.port)

    return ask


def addresses(response: Message) -> list[str]:
    return [str(record) for records in response.answer for record in records]


def code(response: Message) -> str:
    return dns.rcode.to_text(response.rcode())


def is_authoritative(response: Message) -> bool:
    return bool(response.flags & dns.flags.AA)


@pytest.mark.parametrize("tcp", [False, True])
def test_both_name_servers_answer_with_authority(ask: Ask, control: ControlClient, tcp: bool) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.1"], ttl=30)
    for server in (FIRST, SECOND):
        response = ask(HOST, at=server, tcp=tcp)
        assert (addresses(response), is_authoritative(response)) == (["127.0.0.1"], True)
        assert response.answer[0].ttl == 30


def test_a_record_takes_effect_after_its_delay_and_its_change_too(
    ask: Ask, control: ControlClient, clock: Clock
) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.1"], delay=5)
    clock.now += 4.9
    assert code(ask(HOST)) == "NXDOMAIN"
    clock.now += 0.1
    assert addresses(ask(HOST)) == ["127.0.0.1"]
    control.put("dns", HOST, "A", values=["127.0.0.9"], delay=5)
    assert addresses(ask(HOST)) == ["127.0.0.1"]
    clock.now += 5
    assert addresses(ask(HOST)) == ["127.0.0.9"]
    control.delete("dns", HOST, "A")
    assert code(ask(HOST)) == "NXDOMAIN"


def test_records_outlive_a_restart_and_so_does_the_port(state: Path, clock: Clock) -> None:
    with LocalUpvest(state, clock=clock) as upvest:
        ControlClient(state).put("dns", HOST, "A", values=["127.0.0.1"])
        port = upvest.world.dns.port
    with LocalUpvest(state, clock=clock) as upvest:
        assert upvest.world.dns.port == port
        response = dns.query.udp(dns.message.make_query(HOST, "A"), FIRST, timeout=5, port=port)
        assert addresses(response) == ["127.0.0.1"]


def test_the_registry_refers_to_the_name_servers_of_a_zone(ask: Ask, control: ControlClient) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    response = ask(HOST, at=REGISTRY)
    assert (response.answer, is_authoritative(response)) == ([], False)
    assert {str(server) for server in response.authority[0]} == {"ns1.tenant.tld.", "ns2.tenant.tld."}
    assert {str(record) for records in response.additional for record in records} == {FIRST, SECOND}


def test_every_zone_from_the_root_down_has_servers_and_a_start_of_authority(
    ask: Ask, control: ControlClient
) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    for name in (".", "tld", "tenant.tld"):
        for kind in ("NS", "SOA"):
            response = ask(name, kind, at=RESOLVER)
            assert [records.rdtype for records in response.answer] == [RdataType.from_text(kind)], name
    assert addresses(ask("ns1.tenant.tld", at=RESOLVER)) == [FIRST]
    assert addresses(ask("registry", at=RESOLVER)) == [REGISTRY]


def test_a_name_server_refuses_what_is_not_its_zone(ask: Ask, control: ControlClient) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    assert code(ask("hooks.other.tld")) == "REFUSED"


def test_a_name_without_this_type_or_with_names_below_it_exists_without_data(
    ask: Ask, control: ControlClient
) -> None:
    control.put("dns", "a.b.tenant.tld", "A", values=["127.0.0.1"])
    for name, kind in (("a.b.tenant.tld", "AAAA"), ("b.tenant.tld", "A")):
        response = ask(name, kind)
        assert (code(response), response.answer) == ("NOERROR", [])
        assert response.authority[0].rdtype == RdataType.SOA


def test_a_wildcard_answers_for_names_that_are_not_there(ask: Ask, control: ControlClient) -> None:
    control.put("dns", "*.tenant.tld", "A", values=["127.0.0.7"])
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    response = ask("anything.tenant.tld")
    assert (addresses(response), str(response.answer[0].name)) == (["127.0.0.7"], "anything.tenant.tld.")
    assert addresses(ask(HOST)) == ["127.0.0.1"]
    assert code(ask(f"below.{HOST}")) == "NXDOMAIN"


def test_aliases_are_followed_within_the_zones(ask: Ask, control: ControlClient) -> None:
    control.put("dns", HOST, "CNAME", values=["lb.cloud.tld"])
    control.put("dns", "lb.cloud.tld", "A", values=["127.0.0.1"])
    for server in (FIRST, RESOLVER):
        assert addresses(ask(HOST, at=server)) == ["lb.cloud.tld.", "127.0.0.1"]
    control.put("dns", "lb.cloud.tld", "CNAME", values=[f"{HOST}."])
    control.delete("dns", "lb.cloud.tld", "A")
    assert code(ask(HOST, at=FIRST)) == "NOERROR"


def test_an_alias_to_itself_is_a_failure_of_the_resolver(ask: Ask, control: ControlClient) -> None:
    control.put("dns", HOST, "CNAME", values=[f"{HOST}."])
    assert code(ask(HOST, at=RESOLVER)) == "SERVFAIL"


def test_a_name_that_is_delegated_out_of_this_world_cannot_be_resolved(ask: Ask, control: ControlClient) -> None:
    control.put("dns", "sub.tenant.tld", "NS", values=["ns.elsewhere.example."])
    response = ask("hooks.sub.tenant.tld")
    assert [str(server) for server in response.authority[0]] == ["ns.elsewhere.example."]
    assert code(ask("hooks.sub.tenant.tld", at=RESOLVER)) == "SERVFAIL"


def test_each_query_gets_another_part_of_what_rotates(ask: Ask, control: ControlClient) -> None:
    values = [f"127.0.1.{number}" for number in range(1, 6)]
    control.put("dns", HOST, "A", values=values, rotate=2)
    seen = [tuple(addresses(ask(HOST))) for _ in range(5)]
    assert {len(part) for part in seen} == {2}
    assert len(set(seen)) == 5
    assert {address for part in seen for address in part} == set(values)


def test_the_resolver_remembers_that_a_name_was_not_there(ask: Ask, control: ControlClient, clock: Clock) -> None:
    control.put("zones", "tenant.tld", minimum=20)
    assert code(ask(HOST, at=RESOLVER)) == "NXDOMAIN"
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    clock.now += 12
    assert addresses(ask(HOST, at=FIRST)) == ["127.0.0.1"]
    for kind in ("A", "AAAA"):
        response = ask(HOST, kind, at=RESOLVER)
        assert (code(response), response.authority[0].ttl) == ("NXDOMAIN", 8)
    clock.now += 8
    assert addresses(ask(HOST, at=RESOLVER)) == ["127.0.0.1"]


def test_the_resolver_remembers_an_old_address_for_its_ttl(ask: Ask, control: ControlClient, clock: Clock) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.1"], ttl=30)
    assert addresses(ask(HOST, at=RESOLVER)) == ["127.0.0.1"]
    control.put("dns", HOST, "A", values=["127.0.0.9"], ttl=30)
    clock.now += 29
    response = ask(HOST, at=RESOLVER)
    assert (addresses(response), response.answer[0].ttl) == (["127.0.0.1"], 1)
    clock.now += 1
    assert addresses(ask(HOST, at=RESOLVER)) == ["127.0.0.9"]


def test_the_resolver_says_that_it_is_one_and_has_no_authority(ask: Ask, control: ControlClient) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    response = ask(HOST, at=RESOLVER)
    assert not is_authoritative(response)
    assert response.flags & dns.flags.RA
    assert not ask(HOST).flags & dns.flags.RA


def test_an_answer_too_long_for_udp_is_cut_and_whole_over_tcp(ask: Ask, control: ControlClient) -> None:
    values = [f"127.0.{number}.1" for number in range(100)]
    control.put("dns", HOST, "A", values=values)
    cut = ask(HOST)
    assert cut.flags & dns.flags.TC
    assert sorted(addresses(ask(HOST, tcp=True))) == sorted(values)


def test_case_does_not_matter(ask: Ask, control: ControlClient) -> None:
    control.put("dns", "Hooks.Tenant.TLD", "a", values=["127.0.0.1"])
    assert addresses(ask("hOOks.tenant.tld")) == ["127.0.0.1"]


def test_one_tcp_connection_takes_many_queries_and_noise_ends_it(
    upvest: LocalUpvest, control: ControlClient
) -> None:
    control.put("dns", HOST, "A", values=["127.0.0.1"])
    with socket.create_connection((FIRST, upvest.world.dns.port), timeout=5) as connection:
        for _ in range(2):
            query = dns.message.make_query(HOST, "A")
            dns.query.send_tcp(connection, query)
            response, _ = dns.query.receive_tcp(connection)
            assert query.is_response(response)
        connection.sendall(struct.pack("!H", 3) + b"???")
        assert connection.recv(1) == b""


def test_noise_over_udp_stops_nothing(upvest: LocalUpvest, ask: Ask) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"???", (FIRST, upvest.world.dns.port))
    assert code(ask(HOST)) == "REFUSED"


def test_what_is_no_question_is_not_implemented(upvest: LocalUpvest) -> None:
    query = dns.message.make_query(HOST, "A")
    query.set_opcode(dns.opcode.STATUS)
    assert code(dns.query.udp(query, FIRST, timeout=5, port=upvest.world.dns.port)) == "NOTIMP"


def test_every_query_is_logged_with_the_server_that_was_asked(ask: Ask, state: Path) -> None:
    ask(HOST, at=FIRST)
    ask(HOST, "AAAA", at=RESOLVER, tcp=True)
    seen = dns_queries(state)
    assert [(query.server, query.name, query.type) for query in seen] == [
        (FIRST, HOST, "A"),
        (RESOLVER, HOST, "AAAA"),
    ]
    assert dns_queries(state, after=seen[0].number) == seen[1:]


def test_a_taken_port_is_one_clear_sentence(state: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((SECOND, 0))
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as error, LocalUpvest(state, dns_port=port):
            pass
    assert error.value.summary == (
        f"port {port} of 127.0.0.1, 127.0.0.2, 127.0.0.3, 127.0.0.4 cannot be used: Address already in use"
    )
