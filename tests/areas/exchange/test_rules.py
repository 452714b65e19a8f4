"""Who may associate, and how a node is written down: tables of cases, and properties over all inputs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.exchange import rules
from kerma.areas.exchange.rules import Call
from kerma.errors import WrongUsage

KEY, OTHER_KEY = "a" * 64, "b" * 64


def call(**changes: Any) -> Call:
    usual = {
        "calling_ae": "CT1", "called_ae": "KERMA", "address": "10.1.2.3", "certificate_sha256": None, "is_tls": False,
    }  # fmt: skip
    return Call(**{**usual, **changes})


def row(**changes: Any) -> dict[str, Any]:
    usual = {
        "ae_title": "CT1", "state": "on", "addresses": [], "certificate_sha256": "", "is_tls": False,
        "max_associations": 2,
    }  # fmt: skip
    return {**usual, **changes}


def refusal(asked: Call, listed: dict[str, Any] | None, owner: str = "", host: tuple[str, ...] = ("10.1.2.3",)) -> str:
    return rules.refusal(asked, own_ae="KERMA", listed=listed, certificate_owner=owner, host_addresses=host)


SECURE = {"certificate_sha256": KEY, "is_tls": True}


@pytest.mark.parametrize(
    ("asked", "listed", "owner", "expected"),
    [
        (call(), row(), "", ""),
        (call(), None, "", "not-listed"),
        (call(), row(state="off"), "", "switched-off"),
        (call(address="10.1.2.4"), row(), "", "address"),
        (call(address="::ffff:10.1.2.3"), row(), "", ""),
        (call(address="10.1.77.4"), row(addresses=["10.1.0.0/16"]), "", ""),
        (call(address="10.2.0.1"), row(addresses=["10.1.0.0/16"]), "", "address"),
        (call(address="2001:db8::7"), row(addresses=["2001:db8::/32"]), "", ""),
        (call(called_ae="OTHER"), row(), "", "called-ae"),
        (call(called_ae="KERMA  "), row(), "", ""),
        (call(open_associations=2), row(), "", "too-many"),
        (call(is_tls=True), row(), "", ""),
        (call(), row(is_tls=True), "", "needs-tls"),
        (call(), row(**SECURE), "", "needs-tls"),
        (call(is_tls=True), row(**SECURE), "", "certificate-missing"),
        (call(is_tls=True, certificate_sha256=OTHER_KEY), row(**SECURE), "", "certificate-differs"),
        (call(is_tls=True, certificate_sha256=OTHER_KEY), row(**SECURE), "CT2", "certificate-of-another"),
        (call(is_tls=True, certificate_sha256=KEY), row(**SECURE), "CT1", ""),
        (call(is_tls=True, certificate_sha256=KEY, address="192.0.2.9"), row(**SECURE), "CT1", ""),
        (
            call(is_tls=True, certificate_sha256=KEY, address="192.0.2.9"),
            row(**SECURE, addresses=["10.0.0.0/8"]),
            "CT1",
            "address",
        ),
        (call(is_tls=True, certificate_sha256=KEY), row(), "CT2", "certificate-of-another"),
    ],
)
def test_who_may_associate(asked: Call, listed: dict[str, Any] | None, owner: str, expected: str) -> None:
    assert refusal(asked, listed, owner) == expected


def test_every_refusal_has_words_and_a_rejection() -> None:
    for code, (words, answer) in rules.REFUSALS.items():
        assert words
        assert rules.rejection(code) == answer
        assert answer[0] in (1, 2)


keys = st.sampled_from([None, KEY, OTHER_KEY])
addresses = st.one_of(st.ip_addresses().map(str), st.text(max_size=12))


@given(
    address=addresses,
    shown=keys,
    is_tls=st.booleans(),
    listed_key=st.sampled_from(["", KEY]),
    networks=st.lists(st.sampled_from(["10.0.0.0/8", "::/0"]), max_size=2),
    open_associations=st.integers(0, 3),
)
def test_nobody_is_let_in_who_proves_nothing(
    address: str, shown: str | None, is_tls: bool, listed_key: str, networks: list[str], open_associations: int
) -> None:
    asked = call(address=address, certificate_sha256=shown, is_tls=is_tls, open_associations=open_associations)
    listed = row(addresses=networks, certificate_sha256=listed_key, is_tls=bool(listed_key))
    code = refusal(asked, listed)
    assert code in ("", *rules.REFUSALS)
    if code == "":
        by_key = bool(listed_key) and shown == listed_key and is_tls
        by_address = rules.is_within(address, networks or ["10.1.2.3"])
        assert by_key or (by_address and not listed_key)
        assert open_associations < listed["max_associations"]
        if networks:
            assert by_address


@given(st.text(max_size=20))
def test_an_ae_title_is_taken_only_in_its_grammar(written: str) -> None:
    try:
        title = rules.ae_title(written)
    except WrongUsage as error:
        assert "AE title" in str(error)
        return
    assert 1 <= len(title) <= 16
    assert title == title.strip(" ")
    assert title.isascii()
    assert title.isprintable()
    assert "\\" not in title
    assert rules.ae_title(title) == title


@given(st.text(max_size=64))
def test_text_of_the_wire_is_harmless_in_a_log(written: str) -> None:
    shown = rules.shown(written)
    assert len(shown) <= 16
    assert all(" " <= letter <= "~" for letter in shown)


@given(st.sets(st.sampled_from(sorted(rules.SERVICE_PERMISSIONS))))
def test_services_permit_no_more_than_their_table(words: set[str]) -> None:
    kept = rules.services(words)
    assert set(kept) == words | {"echo"}
    allowed = {name for word in kept for name in rules.SERVICE_PERMISSIONS[word]}
    assert rules.permissions(kept) == allowed
    assert not any("*" in name for name in allowed)


@given(st.integers(1, 10_000))
def test_waiting_grows_up_to_an_hour(failures: int) -> None:
    assert rules.FIRST_WAIT_S <= rules.wait_s(failures) <= rules.wait_s(failures + 1) <= rules.LONGEST_WAIT_S


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        (rules.host, "not a host"), (rules.host, ""), (rules.port, 0), (rules.port, 65_536),
        (rules.networks, ["10.0.0.0/99"]), (rules.networks, ["pacs"]), (rules.dialect, "dicos"),
        (rules.fingerprint, "abc"), (rules.services, ["stores"]), (rules.ae_title, "A" * 17), (rules.ae_title, "A\\B"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(check: Any, wrong: Any) -> None:
    with pytest.raises(WrongUsage):
        check(wrong)


@pytest.mark.parametrize("good", ["pacs.example.org", "pacs-1", "10.0.0.1", "::1", "2001:db8::7", "a"])
def test_hosts_are_taken(good: str) -> None:
    assert rules.host(good) == good
