# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A contest with the peers
#
# Other software divides maps too: spopt and pygeoda (regions of like places), GerryChain
# (districts), scikit-learn, networkx. None of them knows lead villages or
# what a pair costs, so a fair contest gives each what it can use (ReCom's short bursts are rated by
# our costs), lets **the same repair** turn every answer into alliances with leads, and judges all
# by the same cost and the same independent checker.
#
# Who is not installed is left out (`pip install liancun-geo[bench]`). The whole contest, with
# instances anybody can run against: [docs/contest.md](../docs/contest.md).

# %%
import os

import numpy as np
import pandas as pd

from liancun_geo import check, plan_alliances, plan_cost, read_county, read_settings
from liancun_geo.research import BASELINES, baseline
from liancun_geo.research.peers import PEERS, installed, peer
from liancun_geo.sample import sample_county

sample = sample_county()
settings = read_settings(sample.settings)
county = read_county(sample.boundaries, sample.ledger, settings=settings, folder=sample.folder)
scenario = plan_alliances(county, settings)
problem = scenario.problem
points = scenario.villages.frame.geometry.representative_point()
strength = np.asarray(scenario.leads.score, dtype=np.float64)
attributes = np.column_stack([points.x, points.y, np.nan_to_num(strength)])
print(
    len(strength),
    "villages; not installed:",
    ", ".join(sorted(set(PEERS) - set(installed()))) or "none",
)

# %% [markdown]
# ## Everybody plans
#
# What a method leaves out would make it look cheap, so every village that it leaves out beyond
# those that nobody can place counts 1: the most that a member can cost.

# %%
plans = {"engine": scenario.plan}
for name in BASELINES:
    plans[name] = baseline(name, problem, strength=np.nan_to_num(strength))
# Those that answer within seconds; all of them, timed, are in the benchmark.
asked = ("spopt_skater", "spopt_ward", "pygeoda_skater", "pygeoda_maxp_greedy", "gerrychain_recom")
there = [name for name in asked if name in installed()]
for name in there[:1] if "LIANCUN_QUICK" in os.environ else there:  # tests: one will do
    plans[name] = peer(name, problem, attributes=attributes, seed=1)

nobody = int((scenario.plan.lead_of < 0).sum())
best = scenario.result.objective
rows = []
for name, plan in plans.items():
    out = int((plan.lead_of < 0).sum()) - nobody
    cost = plan_cost(problem, plan.lead_of)
    rows.append(
        {
            "method": name,
            "cost": cost,
            "left out": out,
            "above the best, %": 100.0 * ((cost + out) / best - 1.0),
            "rules broken": len(check(problem, plan.lead_of)),
        }
    )
table = pd.DataFrame(rows).set_index("method").sort_values("above the best, %")
table.round(2)

# %% [markdown]
# The engine's plan is proven: no plan of the county under these rules costs less, so nobody can
# be below 0 % but by leaving villages out.

# %%
from liancun_geo.research import dot_chart

assert scenario.result.status == "optimal"
ax = dot_chart(
    table[["above the best, %"]],
    highlight=["engine"],
    label="cost above the proven best (%), villages left out counted",
    title="The sample county, 261 villages",
    language="en",
)
ax.get_legend().remove()

# %% [markdown]
# ## Side by side
#
# What a difference in cost looks like on the map: the best plan, and the nearest rival.

# %%
from matplotlib import pyplot as plt

from liancun_geo.research import plan_map

rival = next(name for name in table.index if name != "engine")
figure, axes = plt.subplots(1, 2, figsize=(11.0, 6.2), layout="constrained")
plan_map(scenario, title="engine", labels=False, ax=axes[0], language="en")
plan_map(scenario, plans[rival], title=rival, labels=False, ax=axes[1], language="en")
