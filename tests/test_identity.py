"""Who sits before the page: a header is believed from the proxy alone, by default from nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liancun_geo.studio import identity
from liancun_geo.studio.identity import of_claims, of_header

BEHIND = {"LIANCUN_USER_HEADER": "X-Forwarded-User", "LIANCUN_TRUSTED_PROXIES": "10.0.0.2"}
ZHAO = {"x-forwarded-user": "zhao"}


def test_no_header_is_believed_by_default() -> None:
    assert identity.mode(oidc=False, environ={}) == "open"
    assert of_header(ZHAO, "127.0.0.1", {}) is None
    assert of_header(ZHAO, None, {"LIANCUN_TRUSTED_PROXIES": "0.0.0.0/0"}) is None
    assert of_header(ZHAO, None, {"LIANCUN_USER_HEADER": "X-Forwarded-User"}) is None


def test_a_proxy_vouches_for_the_same_person_each_time() -> None:
    one, again = (of_header(ZHAO, "10.0.0.2", BEHIND) for _ in range(2))
    other = of_header({"X-Forwarded-User": "qian"}, "10.0.0.2", BEHIND)
    assert one is not None and one == again and one.name == "zhao"
    assert other is not None and other.key != one.key
    assert identity.mode(oidc=False, environ=BEHIND) == "header"


@pytest.mark.parametrize("peer", ["10.0.0.3", "127.0.0.1", None, "", "nowhere", "::1"])
def test_whoever_comes_past_the_proxy_is_nobody(peer: str | None) -> None:
    assert of_header(ZHAO, peer, BEHIND) is None


@pytest.mark.parametrize(
    ("listed", "peer", "trusted"),
    [
        ("127.0.0.1", None, True),
        ("10.0.0.0/8, 192.168.1.9", "192.168.1.9", True),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("::1", "::1", True),
        ("10.0.0.2, nonsense", "10.0.0.2", False),
        ("", "10.0.0.2", False),
    ],
)
def test_addresses_and_networks(listed: str, peer: str | None, trusted: bool) -> None:
    environ = {**BEHIND, "LIANCUN_TRUSTED_PROXIES": listed}
    assert (of_header(ZHAO, peer, environ) is not None) is trusted


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-forwarded-user": ""},
        {"x-forwarded-user": "  "},
        {"x-forwarded-user": "zhao, qian"},
        {"x-forwarded-user": "z" * 600},
        {"x-forwarded-user": "zhao", "X-Forwarded-User": "qian"},
    ],
)
def test_no_name_or_two_names_are_nobody(headers: dict[str, str]) -> None:
    assert of_header(headers, "10.0.0.2", BEHIND) is None


def test_chinese_names_come_as_bytes_of_utf8() -> None:
    raw = "赵\u202e六\n".encode().decode("latin-1")
    found = of_header({"x-forwarded-user": raw}, "10.0.0.2", BEHIND)
    assert found is not None and found.name == "赵六"


def test_a_provider_names_a_person_by_issuer_and_subject() -> None:
    claims = {"is_logged_in": True, "iss": "https://a", "sub": "7", "name": "赵", "email": "z@a"}
    one = of_claims(claims)
    assert one is not None and one.name == "赵"
    married = of_claims({**claims, "name": "钱", "email": "q@a"})
    assert married is not None and married.key == one.key and married.name == "钱"
    elsewhere = of_claims({**claims, "iss": "https://b"})
    assert elsewhere is not None and elsewhere.key != one.key
    for wrong in ({"is_logged_in": False}, {"is_logged_in": "yes"}, {"sub": ""}):
        assert of_claims({**claims, **wrong}) is None


@given(st.text(), st.text(), st.text(), st.text())
def test_no_two_identities_share_a_key(iss: str, sub: str, iss2: str, sub2: str) -> None:
    made = [
        of_claims({"is_logged_in": True, "iss": one, "sub": two})
        for one, two in ((iss, sub), (iss2, sub2))
        if two and not any("\ud800" <= c <= "\udfff" for c in one + two)
    ]
    keys = [one.key for one in made if one is not None]
    if len(keys) == 2:
        assert (keys[0] == keys[1]) == ((iss, sub) == (iss2, sub2))
