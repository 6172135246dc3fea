"""The app's server: Streamlit, which meanwhile reads the sample county for the first visitor.

Started by :func:`liancun_geo.studio.launch`. The first page needs libraries that take seconds to
load: nobody is let in before they are there. The county and its plan a thread gets ready while
the browser is still opening.
"""

from __future__ import annotations

import gc
import logging
import threading
from importlib import import_module

_log = logging.getLogger(__name__)
# None of the modules that declare parts of the page: those belong to a session.
_NEEDED = ("desk", "drawing", "keeping", "panels")


def load() -> None:
    """Load the libraries of every page."""
    for name in _NEEDED:
        import_module(f"liancun_geo.studio.{name}")


def get_ready() -> None:
    """Load what the first page needs; whatever fails here is told when somebody asks for it."""
    try:
        from liancun_geo.project.inputs import Inputs
        from liancun_geo.studio.desk import Desk

        load()
        desk = Desk.of(Inputs())
        if desk.show_sample_plan("-"):
            _ = desk.scene
    except Exception:
        _log.exception("not ready beforehand")
    # Streamlit collects garbage after every run of the page and holds everybody up meanwhile, the
    # answer on its way to the browser included: 0.2 s with the libraries loaded here, which stay.
    gc.collect()
    gc.freeze()


def main() -> None:
    """Run Streamlit with the arguments of the command line."""
    from streamlit.web.cli import main as run

    try:
        load()
    except Exception:
        # The page will meet it again and tell it in words.
        _log.exception("not loaded beforehand")
    threading.Thread(target=get_ready, name="get ready", daemon=True).start()
    run(prog_name="streamlit")


if __name__ == "__main__":
    main()
