"""A planner without a browser: Streamlit's websocket protocol, just enough to work on the map.

Twenty Chromiums on two cores would measure Chromium. What a session costs the server, and whether
sessions stay apart, is decided by the messages, so these are sent as the browser sends them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qsl, urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

LONGEST_S = 180.0


class Planner:
    """One browser window: the page's messages kept, widgets and events of the map sent.

    Parameters
    ----------
    port
        Of the server on this machine.
    headers
        Sent with the first request, as a proxy would.
    query
        Of the page's address.
    """

    def __init__(self, port: int, headers: Sequence[tuple[str, str]] = (), **query: str) -> None:
        self.query = dict(query)
        self.received_bytes = 0
        self.failures: list[str] = []
        self._script = ""
        self._map: tuple[str, dict[str, Any]] | None = None
        self._static: Mapping[str, Any] | None = None
        self._buttons: dict[str, str] = {}
        self._event = 0
        self._values: dict[str, str] = {}
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(
                f"ws://localhost:{port}/_stcore/stream",
                subprotocols=["streamlit"],  # type: ignore[list-item]  # a NewType of str
                additional_headers=list(headers),
                max_size=None,
                open_timeout=LONGEST_S,
            )
        )

    def close(self) -> None:
        """Close the window."""
        self._open.close()

    @property
    def villages(self) -> int:
        """How many villages the map has; 0 without a map."""
        return 0 if self._static is None else int(self._static["n"])

    @property
    def state(self) -> Mapping[str, Any]:
        """What the map was told last."""
        return {} if self._map is None else self._map[1].get("state", {})

    def run(self, press: str | None = None) -> float:
        """Run the page, with a button pressed or not; return the seconds until it was done."""
        message = BackMsg()
        client = message.rerun_script
        client.query_string = urlencode(self.query)
        client.page_script_hash = self._script
        for name, value in self._values.items():
            client.widget_states.widgets.add(id=name, json_value=value)
        if press is not None:
            client.widget_states.widgets.add(id=self._buttons[press], trigger_value=True)
        begin = time.perf_counter()
        self._socket.send(message.SerializeToString())
        self._buttons.clear()
        self._hear()
        return time.perf_counter() - begin

    def do(self, kind: str, **fields: Any) -> float:
        """Send one event of the map; return the seconds until the page was done."""
        assert self._map is not None and self._static is not None
        self._event += 1
        pending = [{"id": self._event, "type": kind, **fields}]
        told = {"have": self._static["id"], "pending": pending}
        self._values = {self._map[0]: json.dumps(told)}
        return self.run()

    def has(self, button: str) -> bool:
        """Tell whether the page has a button of this key."""
        return button in self._buttons

    def _hear(self) -> None:
        """Take all messages up to the end of a run and of those it began itself."""
        until = time.monotonic() + LONGEST_S
        while True:
            frame = self._socket.recv(timeout=max(0.1, until - time.monotonic()))
            self.received_bytes += len(frame)
            message = ForwardMsg()
            message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._script = message.new_session.main_script_hash
            elif kind == "page_info_changed":
                self.query = dict(parse_qsl(message.page_info_changed.query_string))
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._take(message.delta.new_element)
            elif kind == "script_finished" and message.script_finished in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
                ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
            ):
                # A page that asks to run once more is finished "early" before.
                return

    def _take(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.failures.append(element.exception.type or element.exception.message)
        elif kind == "button":
            # Of "$$ID-<hash>-<key>", where a key may have dashes too.
            self._buttons[element.button.id.split("-", 2)[2]] = element.button.id
        elif kind == "component_instance":
            args = json.loads(element.component_instance.json_args)
            if "static" in args and "state" in args:
                self._static = args["static"] or self._static
                self._map = element.component_instance.id, args
