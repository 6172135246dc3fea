"""No sentence of the catalogue is left over: the code must be able to spell every key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from liancun_geo.messages import catalogue

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    [ROOT / "app.py", *(ROOT / "liancun_geo").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
)
SCRIPTS = sorted((ROOT / "liancun_geo").rglob("*.js"))
IN_BROWSER = ("mapping", "web_map")
"""Topics whose sentences the browser chooses from."""
GAP = r"[a-z0-9_.]+"
JOINED = (
    *("places.against_ledger", "places.over_ledger", "reason.village", "studio.metric"),
    *("rules_step.help_gates", "rules_step.help_lead_weights", "rules_step.help_pair_weights"),
    *("reason.zone", "studio.term"),
    *("output.population", "why_card.fact", "paper.indicator", "paper.component"),
)
"""Beginnings of keys whose ends are told by a list: ``f"{kind}_{name}"``, ``"_".join(...)``."""


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the literals that may be (parts of) keys; not docstrings, which only tell."""
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def patterns(tree: ast.AST) -> Iterator[str]:
    """Yield f-strings as regular expressions where they say something besides the topic."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr):
            continue
        said = [one.value if isinstance(one, ast.Constant) else None for one in node.values]
        fixed = "".join(str(one or "") for one in said)
        topic, _, name = fixed.rpartition(".")
        # f"reason.{key}", f"{topic}.{key}" and f"{a}_{b}" would spell anything.
        enough = re.search(r"[a-z]{2}", name) or (topic and said.count(None) > 1)
        if re.fullmatch(r"[a-z0-9_.]+", fixed) and enough:
            yield "".join(GAP if one is None else re.escape(str(one)) for one in said)


def ends(name: str, literals: set[str]) -> bool:
    """Whether each part of the end of a key is a literal, with its unit or without."""
    return bool({name, f"population_{name}_persons"} & literals) or all(
        part in literals for part in name.split("_")
    )


def test_every_key_is_one_that_the_code_can_spell() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES]
    literals = {text for tree in trees for text in texts(tree)}
    made = re.compile("|".join(sorted({one for tree in trees for one in patterns(tree)})))
    in_browser = set(re.findall(r"\w+", "".join(path.read_text("utf-8") for path in SCRIPTS)))
    left_over = []
    for key in sorted(catalogue()):
        topic, _, name = key.partition(".")
        spelt = {key, name} & literals or made.fullmatch(key) or made.fullmatch(name)
        if topic in IN_BROWSER:
            spelt = spelt or {name, name.removeprefix("tool_")} & in_browser
        # A finding that was accepted is named after it, its dot made a line.
        spelt = spelt or (topic == "accepted" and name.replace("_", ".", 1) in literals)
        # Settings are named by their paths; tests/test_setting_words.py holds them to these.
        spelt = spelt or topic == "setting_names"
        # What the app says instead is named after it as well, its dot made two lines.
        spelt = spelt or (topic == "in_app" and name.replace("__", ".", 1) in catalogue())
        start = next((one for one in JOINED if key.startswith(f"{one}_")), None)
        if not spelt and (start is None or not ends(key.removeprefix(f"{start}_"), literals)):
            left_over.append(key)
    assert left_over == [], "nothing says these: remove them, or tell in JOINED how they are made"
