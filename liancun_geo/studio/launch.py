"""Start the application on this machine, for this machine only."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message

PAGE = Path(__file__).with_name("page.py")

FONT = (
    "'Microsoft YaHei UI', 'Microsoft YaHei', 'PingFang SC', 'Noto Sans CJK SC', "
    "'Source Han Sans SC', sans-serif"
)

OPTIONS: Mapping[str, str | int | bool] = MappingProxyType(
    {
        "browser.gatherUsageStats": False,
        "browser.serverAddress": "localhost",
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        # Bare expressions of the page's source are not for its readers.
        "runner.magicEnabled": False,
        "server.address": "localhost",
        "server.maxUploadSize": 200,
        "server.fileWatcherType": "none",
        "theme.base": "light",
        "theme.primaryColor": "#1D5B8F",
        "theme.backgroundColor": "#F4F6F7",
        "theme.secondaryBackgroundColor": "#FFFFFF",
        "theme.textColor": "#1B2A34",
        "theme.borderColor": "#DDE3E7",
        "theme.baseRadius": "6px",
        "theme.baseFontSize": 14,
        "theme.showWidgetBorder": True,
        "theme.font": FONT,
        "theme.headingFont": FONT,
        "theme.codeFont": "monospace",
        "theme.sidebar.backgroundColor": "#FFFFFF",
        "theme.sidebar.secondaryBackgroundColor": "#F4F6F7",
    }
)
"""How Streamlit runs here: offline, local, without its error pages, in the design's colours.

``.streamlit/config.toml`` says the same for ``streamlit run app.py``; it is only found in the
working directory, hence these go along as arguments.
"""


def launch(port: int | None, headless: bool, *, language: Language = DEFAULT_LANGUAGE) -> int:
    """Run the application until it is stopped.

    Parameters
    ----------
    port
        To listen on; the first free one from 8501 on if not given.
    headless
        Do not open a browser.
    language
        Of the message if Streamlit is not installed.

    Returns
    -------
    int
        Exit code: 0 when stopped by the user, 2 if Streamlit is not installed, else Streamlit's.
    """
    if importlib.util.find_spec("streamlit") is None:
        sys.stderr.write(message("studio.no_streamlit", language) + "\n")
        return 2
    with subprocess.Popen(command(port, headless)) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal has sent the same signal to the child, which is closing down.
            process.wait()
            return 0
        finally:
            process.terminate()


def command(port: int | None, headless: bool) -> list[str]:
    """Return the command that :func:`launch` runs."""
    options: dict[str, str | int | bool] = {
        **OPTIONS,
        "server.headless": headless,
        # Otherwise the first start asks for an e-mail address on the terminal.
        "server.showEmailPrompt": False,
    }
    if port is not None:
        options["server.port"] = port
    flags = [f"--{name}={_flag(value)}" for name, value in options.items()]
    return [sys.executable, "-m", "liancun_geo.studio.server", "run", str(PAGE), *flags]


def _flag(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
