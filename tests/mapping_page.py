"""A page with nothing but the map, and a plan that a few lines of Python move about.

Run by ``tests/test_mapping_browser.py``; by hand: ``streamlit run tests/mapping_page.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import streamlit as st

from liancun_geo.sample import sample_county
from liancun_geo.scenario import read_county
from liancun_geo.settings import read_settings
from liancun_geo.studio.mapping import (
    Event,
    LastingColours,
    MapGeometry,
    build_geometry,
    state_payload,
    static_payload,
    village_map,
)

HOSTILE = (
    "<img src=x onerror=document.title='hacked'>",
    "{{7*7}}${7*7}",
    "`ls`\n</script><script>document.title='hacked'</script>",
)
TOWNSHIP = 3
LANGUAGE: Any = "en" if st.query_params.get("lang") == "en" else "zh"


@st.cache_resource
def county(hostile: bool) -> MapGeometry:
    sample = sample_county()
    settings = read_settings(sample.settings)
    read = read_county(sample.boundaries, sample.ledger, settings=settings, folder=sample.folder)
    geometry = build_geometry(read.villages, barriers=read.barriers, bridges=read.bridges)
    names = list(geometry.names)
    if hostile:
        mine = np.flatnonzero(geometry.township_of == TOWNSHIP)
        for village, name in zip(mine, HOSTILE, strict=False):
            names[village] = name
    return replace(geometry, names=tuple(names), key=f"{geometry.key}{hostile}")


def first_plan(geometry: MapGeometry) -> tuple[list[int], list[int]]:
    """Return alliances of up to five neighbouring villages of one township, as they come."""
    near: list[list[int]] = [[] for _ in range(geometry.n)]
    for one, two in geometry.arcs.touching().tolist():
        near[one].append(two)
        near[two].append(one)
    of, leads = [-1] * geometry.n, []
    for start in range(geometry.n):
        if of[start] >= 0 or start % 23 == 22:
            continue
        number, found = len(leads), [start]
        for village in found:
            for other in near[village]:
                alike = geometry.township_of[other] == geometry.township_of[start]
                if len(found) < 5 and of[other] < 0 and alike and other not in found:
                    found.append(other)
        leads.append(start)
        for village in found:
            of[village] = number
    return of, leads


@dataclass
class Planner:
    """A plan in the session; undo is a list of former plans."""

    of: list[int]
    leads: list[int]
    colours: LastingColours = field(default_factory=LastingColours)
    selected: tuple[int, ...] = ()
    locked: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    township: int = TOWNSHIP
    heard: list[str] = field(default_factory=list)
    past: list[list[int]] = field(default_factory=list)
    toast: dict[str, Any] | None = None

    def hear(self, event: Event) -> None:
        self.heard.append(event.type)
        free = [one for one in event.villages if one not in self.locked]
        match event.type:
            case "select":
                self.selected = event.villages
            case "township":
                assert event.township is not None
                self.township, self.selected = event.township, ()
            case "move" | "paint":
                assert event.to is not None
                self.place(free, self.of[event.to])
                self.toast = {"id": len(self.heard), "text": f"→ {event.to}", "undo": True}
            case "leave_out":
                self.place(free, -1)
            case "new":
                self.leads.append(free[0])
                self.place(free, len(self.leads) - 1)
            case "lead":
                assert event.village is not None
                self.leads[self.of[event.village]] = event.village
            case "lock":
                self.locked |= set(event.villages)
            case "unlock":
                self.locked -= set(event.villages)
            case "undo" if self.past:
                self.of = self.past.pop()
            case _:
                pass

    def place(self, villages: list[int], number: int) -> None:
        self.past.append(list(self.of))
        for village in villages:
            self.of[village] = number
            self.changed.add(village)


def inspector(planner: Planner, geometry: MapGeometry) -> Any:
    if len(planner.selected) != 1:
        return {"title": geometry.townships[max(planner.township, 0)]}
    village = planner.selected[0]
    others = {
        planner.of[b if a == village else a]
        for a, b in geometry.arcs.touching().tolist()
        if village in (a, b)
    }
    targets = sorted(others - {-1, planner.of[village]})
    return {
        "title": geometry.names[village],
        "tags": ["联建村"],
        "facts": "人口 1,397 · 集体收入 15.5 万元 · 民宿、农产品加工",
        "card": {
            "title": "为什么在这个片区",
            "score": "4.6",
            "of": "/ 10 分",
            "rows": [
                {"name": "距离", "text": "到领建村 2.5 公里", "value": "2.1", "of": "/3",
                 "part": "proximity", "share": 0.21},
                {"name": "强弱", "text": "领建村 51.5 万，本村 15.5 万", "value": "1.3",
                 "of": "/3", "part": "contrast", "share": 0.13},
                {"name": "产业", "text": "与领建村的养殖不搭", "value": "0", "of": "/2.5",
                 "part": "industry", "share": 0.0, "kind": "warn"},
                {"name": "规模", "text": "片区 7 村，偏多", "value": "1.2", "of": "/1.5",
                 "part": "size", "share": 0.12},
                {"name": "接壤", "text": "与片区内 5 村相连，共 4.9 公里", "value": "✓",
                 "kind": "ok"},
            ],
        },
        "moves": {
            "legal": [
                {"title": f"移入{geometry.names[planner.leads[number]]}片区", "reason": "产业互补",
                 "change": "+2.4" if place == 0 else "−2.7", "sign": 1 if place == 0 else -1,
                 "button": "移入", "lead": planner.leads[number],
                 "event": {"type": "move", "villages": [village], "to": planner.leads[number]}}
                for place, number in enumerate(targets)
            ],
            "blocked": [{"title": "移入苏家沟片区", "reason": "属双溪镇，不能跨镇"}] * 3,
        },
        "totals_title": "本片区",
        "totals": [{"name": "村数", "value": "1 + 6"}, {"name": "人口", "value": "8,634"}],
        "history": [{"n": 1, "time": "14:32", "text": "孙家峪：马家湾 → 西泉", "change": "−3.0",
                     "sign": -1}],
    }  # fmt: skip


def strip(planner: Planner) -> list[Any]:
    placed = sum(number >= 0 for number in planner.of)
    return [
        {"name": "规则", "value": "全部符合", "kind": "ok", "icon": "check"},
        {"name": "总得分", "value": "1514.9", "note": "比原方案 −8.6", "help": "越高越好。"},
        {"name": "距最优", "value": "≤ 0.4%", "note": "最多再加 6.1 分"},
        {"name": "覆盖", "value": f"{placed} / {len(planner.of)} 村"},
        {"name": "片区", "value": f"{len(planner.leads)} 个"},
        {"name": "已锁定", "value": f"{len(planner.locked)} 村"},
        {"name": "已改动", "value": f"{len(planner.changed)} 村"},
        {"name": "自动保存", "value": "14:32", "kind": "ok", "icon": "check", "side": "right"},
    ]


st.set_page_config(layout="wide")
st.html(
    "<style>[data-testid=stHeader]{display:none}[data-testid=stMainBlockContainer]"
    "{padding:0;max-width:none}[data-testid=stVerticalBlock]{gap:0}</style>"
)
geometry = county(st.query_params.get("names") == "hostile")
if "planner" not in st.session_state:
    st.session_state.planner = Planner(*first_plan(geometry))
planner: Planner = st.session_state.planner
planner.colours, shown = planner.colours.after(
    planner.of, planner.leads, geometry.codes, geometry.arcs.touching(), geometry.township_of
)
village_map(
    static_payload(geometry, LANGUAGE, weak=range(0, geometry.n, 7), demo=True),
    state_payload(
        planner.of,
        planner.leads,
        shown,
        township=planner.township,
        selected=planner.selected,
        locked=planner.locked,
        changed=planner.changed,
        strip=strip(planner),
        inspector=inspector(planner, geometry),
        can_undo=bool(planner.past),
        toast=planner.toast,
        rev=len(planner.heard),
    ),
    planner.hear,
    top_px=28,
)
st.html(f"<div class=heard>{len(planner.heard)} {' '.join(planner.heard[-50:])}</div>")
