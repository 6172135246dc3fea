"""What tests of the app do on its steps."""

from __future__ import annotations

import time

from streamlit.testing.v1 import AppTest


def settled(page: AppTest, seconds: float = 90.0) -> AppTest:
    """Run until nothing is under way, as the page's polling does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        page.run()
        assert not page.exception
        if not any("cancel" in str(one.key) for one in page.button):
            return page
        time.sleep(0.2)
    raise AssertionError("the work does not end")


def use_fit(page: AppTest) -> None:
    """Wait for the plans of the step, and take the first."""
    settled(page)
    page.button(key="use fit").click().run()
