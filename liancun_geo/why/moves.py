"""Whether a village can move into an alliance, or lead one, with nothing else changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from liancun_geo.points import left_out_points, points_under_lead
from liancun_geo.scenario import NamedAlliance
from liancun_geo.solve.judging import breaks_a_rule, neighbours
from liancun_geo.why.facts import Obstacle
from liancun_geo.why.ground import Ground
from liancun_geo.zone import Zone

_ROUNDING = 1e-9


def move_obstacles(ground: Ground, village: int, target: NamedAlliance) -> tuple[Obstacle, ...]:
    """Return every reason why a village cannot move into an alliance alone; empty if it can.

    Parameters
    ----------
    ground
        The plan at hand.
    village
        Position of a village of another alliance, or of none.
    target
        The alliance it would join.
    """
    problem = ground.problem
    if problem.zone_of[village] != problem.zone_of[target.lead]:
        return (Obstacle("other_zone", ground.names([target.lead])),)
    home = ground.alliance_of(village)
    rest = [] if home is None else [v for v in home.villages if v != village]
    found = [*_locks(ground, village, target, home)]
    if not set(ground.neighbours(village)) & set(target.villages):
        found.append(Obstacle("not_adjacent", ground.names([village])))
    if home is not None and home.lead == village and rest:
        found.append(Obstacle("leads", ground.names(rest)))
    elif rest:
        found += _of_set(ground, home.lead if home else -1, rest, leaving=village)
    joined = [*target.villages, village]
    found += _of_set(ground, target.lead, joined, joining=village)
    found += pair_obstacles(ground, village, target.lead)
    found += _partners(ground, village, joined)
    if home is not None and not rest:
        found += _fewer_alliances(ground, village)
    return tuple(found) or _last_look(ground, [(target.lead, joined)], home, rest)


def change_of_move(ground: Ground, village: int, target: NamedAlliance) -> float | None:
    """Return the points that a possible move changes, from the two alliances it touches."""
    problem = ground.scenario.problem
    after = points_under_lead(problem, [*target.villages, village])
    before = points_under_lead(problem, target.villages)
    home = ground.alliance_of(village)
    if home is None:
        own = left_out_points(problem, village).points
        before += 0.0 if math.isnan(own) else own
    else:
        rest = [v for v in home.villages if v != village]
        before += points_under_lead(problem, home.villages)
        after += points_under_lead(problem, rest) if rest else 0.0
    change = after - before
    return change if math.isfinite(change) else None


def lead_obstacles(ground: Ground, alliance: NamedAlliance, lead: int) -> tuple[Obstacle, ...]:
    """Return every reason why another village cannot lead the same villages; empty if it can."""
    problem, rules = ground.problem, ground.problem.rules
    villages = list(alliance.villages)
    found: list[Obstacle] = []
    frozen = any(alliance.lead in agreed for agreed in rules.frozen)
    if frozen or ground.locked & set(villages):
        held = [v for v in villages if v in ground.locked] or villages
        found.append(Obstacle("locked_alliance", ground.names(held)))
    elif alliance.lead in rules.must_lead:
        found.append(Obstacle("must_lead", ground.names([alliance.lead])))
    if not problem.can_lead[lead]:
        failed = ground.scenario.leads.gate_failed[lead]
        found += [Obstacle("gates", ground.names([lead]), name=key) for key in failed]
        found += [] if found else [Obstacle("rule", ground.names([lead]))]
    for member in villages:
        if member != lead:
            found += pair_obstacles(ground, member, lead)
    found += _too_many_weak(ground, lead, villages)
    return tuple(found) or _last_look(ground, [(lead, villages)], None, [])


def pair_obstacles(ground: Ground, village: int, lead: int) -> list[Obstacle]:
    """Return what forbids a lead to lead a village."""
    problem, rules = ground.problem, ground.problem.rules
    zone = problem.zones[int(problem.zone_of[lead])]
    one, other = np.searchsorted(zone.villages, [lead, village])
    inside = lead in zone.villages and village in zone.villages
    if not inside or math.isfinite(float(zone.pair_cost[one, other])):
        return []
    found = []
    names = ground.names([village, lead])
    distance, limit = problem.distance(lead, village), rules.max_distance
    if limit is not None and distance > limit:
        found.append(Obstacle("distance", names, distance, limit))
    longest = ground.scenario.settings.rules.max_travel_min
    minutes = ground.travel_min(village, lead)
    if longest is not None and minutes is not None and minutes > longest:
        found.append(Obstacle("travel", names, minutes, longest))
    if rules.max_hops is not None:
        steps = _steps(zone, int(one))[int(other)]
        if steps > rules.max_hops:
            value = None if math.isinf(steps) else steps
            found.append(Obstacle("hops", names, value, rules.max_hops))
    wanted = rules.fixed_lead.get(village)
    if wanted is not None and wanted != lead and village not in ground.locked:
        found.append(Obstacle("fixed_lead", ground.names([village, wanted])))
    if village in rules.must_lead and village not in ground.locked:
        found.append(Obstacle("must_lead", ground.names([village])))
    if not found and village not in ground.locked:
        found.append(Obstacle("forbidden_pair", names))
    return found


def _locks(
    ground: Ground, village: int, target: NamedAlliance, home: NamedAlliance | None
) -> Iterator[Obstacle]:
    agreed = {v for villages in ground.problem.rules.frozen for v in villages}
    if village in ground.locked:
        yield Obstacle("locked", ground.names([village]))
    elif village in agreed and home is not None:
        yield Obstacle("locked_alliance", ground.names([home.lead]))
    if target.lead in agreed:
        yield Obstacle("locked_alliance", ground.names([target.lead]))


def _of_set(
    ground: Ground,
    lead: int,
    villages: Sequence[int],
    *,
    leaving: int | None = None,
    joining: int | None = None,
) -> Iterator[Obstacle]:
    """Tell of the rules that look at a whole alliance, of what it would be."""
    problem, size = ground.problem, len(villages)
    if size < problem.min_size:
        yield Obstacle("too_small", ground.names([lead]), size, problem.min_size)
    elif size > problem.max_size:
        yield Obstacle("too_large", ground.names([lead]), size - 1, problem.max_size)
    elif math.isinf(float(problem.size_cost[size])):
        yield Obstacle("size_forbidden", ground.names([lead]), size)
    if leaving is not None:
        cut_off = _cut_off(ground, lead, villages)
        if cut_off:
            yield Obstacle("cuts", ground.names(cut_off))
    yield from sum_obstacles(ground, lead, villages)
    if joining is not None:
        yield from _too_many_weak(ground, lead, villages)


def _cut_off(ground: Ground, lead: int, villages: Sequence[int]) -> list[int]:
    """Return the villages that no longer reach the lead inside the alliance."""
    inside, reached, front = set(villages), {lead}, [lead]
    while front:
        front = [w for v in front for w in ground.neighbours(v) if w in inside and w not in reached]
        reached |= set(front)
    return sorted(inside - reached)


def sum_obstacles(ground: Ground, lead: int, villages: Sequence[int]) -> Iterator[Obstacle]:
    """Tell of sums and kinds of villages that an alliance would not have as the rules ask."""
    rules, settings = ground.problem.rules, ground.scenario.settings.rules
    named = [
        name
        for name, bounds in (
            (ground.population_field, settings.population_persons),
            ("arable_land_mu", settings.arable_land_mu),
            ("transferable_land_mu", settings.transferable_land_mu),
        )
        if bounds is not None
    ]
    for column, (least, most) in enumerate(rules.resource_bounds.tolist()):
        total = math.fsum(rules.resource[list(villages), column].tolist())
        slack = _ROUNDING * max(1.0, abs(total))
        name = named[column] if column < len(named) else None
        if total < least - slack:
            yield Obstacle("least", ground.names([lead]), total, least, name)
        elif total > most + slack:
            yield Obstacle("most", ground.names([lead]), total, most, name)
    if rules.classes is not None and not rules.classes[list(villages)].any(axis=0).all():
        yield Obstacle("class", ground.names([lead]))


def _too_many_weak(ground: Ground, lead: int, villages: Sequence[int]) -> Iterator[Obstacle]:
    rules = ground.problem.rules
    if rules.weak is None or rules.max_weak is None:
        return
    weak = [v for v in villages if v != lead and rules.weak[v]]
    if len(weak) > rules.max_weak:
        yield Obstacle("weak", ground.names([lead]), len(weak), rules.max_weak)


def _partners(ground: Ground, village: int, joined: Sequence[int]) -> Iterator[Obstacle]:
    """Tell of villages that a village may not leave, and of those it may not meet."""
    rules = ground.problem.rules
    bound = _partners_of(village, rules.must_together.tolist())
    behind = [v for v in bound if v not in joined]
    if behind:
        yield Obstacle("together", ground.names(behind))
    met = [v for v in _partners_of(village, rules.never_together.tolist()) if v in joined]
    if met:
        yield Obstacle("apart", ground.names(met))


def _partners_of(village: int, pairs: Sequence[Sequence[int]]) -> list[int]:
    return sorted({b if a == village else a for a, b in pairs if village in (a, b)})


def _fewer_alliances(ground: Ground, village: int) -> Iterator[Obstacle]:
    """Tell of a least number of alliances that one alliance less would not reach."""
    problem, rules = ground.problem, ground.problem.rules
    zone = int(problem.zone_of[village])
    leads = [a.lead for a in ground.scenario.alliances]
    here = sum(int(problem.zone_of[lead]) == zone for lead in leads)
    least = rules.zone_alliances.get(problem.zones[zone].label, (0, math.inf))[0]
    for count, fewest in ((here, least), (len(leads), rules.n_alliances[0])):
        if count - 1 < fewest:
            yield Obstacle("number", ground.names([village]), count - 1, fewest)
            return


def _last_look(
    ground: Ground,
    changed: list[tuple[int, list[int]]],
    home: NamedAlliance | None,
    rest: list[int],
) -> tuple[Obstacle, ...]:
    """Ask the solver's own judge: what it refuses is not told as possible."""
    problem = ground.problem
    if home is not None and rest and home.lead in rest:
        changed = [*changed, (home.lead, rest)]
    for lead, villages in changed:
        zone = problem.zones[int(problem.zone_of[lead])]
        if not set(villages) <= set(zone.villages.tolist()):
            return (Obstacle("plan_broken", ground.names([lead])),)
        local = np.searchsorted(zone.villages, villages).tolist()
        own = int(np.searchsorted(zone.villages, lead))
        if breaks_a_rule(zone, own, sorted(local), neighbours(zone)):
            return (Obstacle("plan_broken", ground.names([lead])),)
    return ()


def _steps(zone: Zone, start: int) -> list[float]:
    near = neighbours(zone)
    steps = [math.inf] * zone.n
    steps[start], front = 0.0, [start]
    while front:
        following = []
        for village in front:
            for other in near[village]:
                if math.isinf(steps[other]):
                    steps[other] = steps[village] + 1.0
                    following.append(other)
        front = following
    return steps
