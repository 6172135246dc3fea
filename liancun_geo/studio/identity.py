"""Who sits before the page: nobody in particular, or somebody whom a login vouches for.

Off by default. A server of an office turns on one of two: OIDC through Streamlit (``[auth]`` in
``secrets.toml``), or a header that a reverse proxy sets once it has authenticated somebody. The
header is believed only on connections from addresses that the server's operator named: whoever
reaches the server past the proxy could write any name into it. ``docs/server.md`` says how.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

HEADER = "LIANCUN_USER_HEADER"
"""Environment variable: name of the header that says who it is; no header is believed without."""
PROXIES = "LIANCUN_TRUSTED_PROXIES"
"""Environment variable: addresses and networks of the proxy, with commas between."""

Mode = Literal["open", "header", "oidc"]
LONGEST_NAME = 60
_LONGEST_ID = 512


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in.

    Attributes
    ----------
    key
        32 hexadecimal digits, for the folder of the projects: the same person has the same key at
        every visit, and nothing of the identity can be read from it in a directory listing.
    name
        What edits are signed with.
    """

    key: str
    name: str


def mode(oidc: bool, environ: Mapping[str, str] = os.environ) -> Mode:
    """Return which login this server asks for.

    Parameters
    ----------
    oidc
        Whether Streamlit has a provider in its secrets.
    environ
        Of the process.
    """
    return "oidc" if oidc else "header" if environ.get(HEADER, "").strip() else "open"


def of_header(
    headers: Mapping[str, str], peer: str | None, environ: Mapping[str, str] = os.environ
) -> Person | None:
    """Return whom the proxy vouches for; None if nobody, or if it is not the proxy that says so.

    Parameters
    ----------
    headers
        Of the connection, names in any case; several values of one name are joined by commas, as
        HTTP has it, and believed as little as none.
    peer
        Address the connection comes from; None stands for this machine, as in Streamlit.
    environ
        :data:`HEADER` and :data:`PROXIES`.
    """
    if not _trusted("127.0.0.1" if peer is None else peer, environ.get(PROXIES, "")):
        return None
    wanted = environ.get(HEADER, "").strip().lower()
    values = [value for name, value in headers.items() if name.lower() == wanted and wanted]
    if len(values) != 1 or "," in values[0]:
        return None
    return _person("header", _as_utf8(values[0]).strip(), _as_utf8(values[0]))


def of_claims(claims: Mapping[str, object]) -> Person | None:
    """Return whom an OIDC provider vouches for; None if nobody is logged in.

    Parameters
    ----------
    claims
        ``is_logged_in``, ``iss`` and ``sub``, which together name one person for good (OpenID
        Connect Core 1.0, 5.7); a mail address may pass to somebody else. The name is the first of
        ``name``, ``preferred_username``, ``email`` and ``sub``.
    """
    subject = str(claims.get("sub") or "")
    if claims.get("is_logged_in") is not True or not subject:
        return None
    said = (claims.get(one) for one in ("name", "preferred_username", "email", "sub"))
    shown = next(str(one) for one in said if one)
    return _person(str(claims.get("iss") or ""), subject, shown)


def _person(issuer: str, subject: str, shown: str) -> Person | None:
    if not subject or len(subject) > _LONGEST_ID:
        return None
    digest = hashlib.sha256(
        f"{len(issuer)}:{issuer}:{subject}".encode("utf-8", "surrogatepass")
    ).hexdigest()
    name = "".join(one for one in shown if unicodedata.category(one)[0] != "C").strip()
    return Person(digest[:32], name[:LONGEST_NAME] or digest[:8])


def _trusted(peer: str, listed: str) -> bool:
    """Tell whether an address is among those listed; what is no address trusts nobody."""
    try:
        address = ipaddress.ip_address(peer)
        networks = [
            ipaddress.ip_network(one.strip(), strict=False)
            for one in listed.split(",")
            if one.strip()
        ]
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


def _as_utf8(value: str) -> str:
    """Return a header's text: bytes by HTTP, which servers hand on as Latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
