"""The app's server: Streamlit, which meanwhile reads the sample county for the first visitor.

Started by :func:`liancun_geo.studio.launch`. The first page needs libraries that take seconds to
load, the county and its plan: a thread gets them ready while the browser is still opening.
"""

from __future__ import annotations

import logging
import threading
from importlib import import_module

_log = logging.getLogger(__name__)
# None of the modules that declare parts of the page: those belong to a session.
_NEEDED = ("drawing", "panels")


def get_ready() -> None:
    """Load what the first page needs; whatever fails here is told when somebody asks for it."""
    try:
        from liancun_geo.studio.desk import Desk
        from liancun_geo.studio.inputs import Inputs

        for name in _NEEDED:
            import_module(f"liancun_geo.studio.{name}")
        desk = Desk.of(Inputs())
        if desk.show_sample_plan("-"):
            _ = desk.scene
    except Exception:
        _log.exception("not ready beforehand")


def main() -> None:
    """Run Streamlit with the arguments of the command line."""
    from streamlit.web.cli import main as run

    threading.Thread(target=get_ready, name="get ready", daemon=True).start()
    run(prog_name="streamlit")


if __name__ == "__main__":
    main()
