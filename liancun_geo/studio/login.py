"""The login of this server, as the page sees it; most servers have none."""

from __future__ import annotations

from functools import cache

import streamlit as st

from liancun_geo.studio import identity, panels
from liancun_geo.studio.identity import Person
from liancun_geo.studio.words import Words


def person() -> Person | None:
    """Return who is signed in; None where nobody is, or where nobody need be."""
    match _mode():
        case "oidc":
            return identity.of_claims({str(key): st.user[key] for key in st.user})
        case "header":
            headers = st.context.headers
            # All values of a name: a proxy that adds its own leaves two, and neither counts.
            joined = {name: ", ".join(headers.get_all(name)) for name in headers}
            return identity.of_header(joined, st.context.ip_address)
        case _:
            return None


def admitted(words: Words) -> bool:
    """Return whether the page may be shown; if not, show how to sign in."""
    mode = _mode()
    if mode == "open" or person() is not None:
        return True
    with st.container(key="login"):
        st.html(panels.lacking(words("login_needed"), words(f"login_{mode}")))
        if mode == "oidc":
            st.button(words("login"), key="login button", type="primary", on_click=st.login)
    return False


def _mode() -> identity.Mode:
    return identity.mode(oidc=_has_provider())


@cache
def _has_provider() -> bool:
    """Whether a provider is in Streamlit's secrets, which it reads anew whenever it is asked.

    A server is started anew to get one: Streamlit itself asks for it only then.
    """
    return "is_logged_in" in st.user
