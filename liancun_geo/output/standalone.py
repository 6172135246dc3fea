"""What every page to open from disk is made with: data that stay data, and a policy by digests."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any


def data_element(told: Any) -> str:
    """Return data as the script element ``data`` of a page, which is never run.

    Nothing in a text can end the element, or be taken for markup.
    """
    data = json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        data = data.replace(char, f"\\u{ord(char):04x}")
    return f'<script type="application/json" id="data">{data}</script>'


def digest(text: str) -> str:
    """Return what a Content-Security-Policy calls a script or style of this very text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
