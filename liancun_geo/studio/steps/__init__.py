"""The steps of the app in the order of the planner's work.

Each is a module with ``show(desk: Desk, words: Words) -> None``. Steps are reachable in any
order: one that lacks something says what, and offers the button that leads there.
"""

STEPS = ("data", "villages", "rules", "plans", "adjust", "compare", "export")
FIRST_STEP = "adjust"
"""A first visitor sees a plan on the map without reading anything."""

BARE = ("adjust",)
"""Steps that fill the screen from edge to edge and never scroll."""

BY_TOWNSHIP = ("villages", "adjust", "compare")
"""Steps with the switch of townships in the top bar."""

OF_ONE_PLAN = ("adjust", "export")
"""Steps with the choice of a plan in the top bar."""
