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
# # Weights and stability
#
# A plan is best under its weights. Whoever sits in the meeting asks: *and under others? And if
# the incomes in the ledger are a little wrong?* Three answers for the sample county (fictional):
# the exact front between two aims, the plan all over the weights, the plan under other figures.

# %%
import os

import numpy as np
import pandas as pd

from liancun_geo import plan_alliances, read_county, read_settings
from liancun_geo.research import front_chart, pareto_front, plan_map, swing_map
from liancun_geo.sample import sample_county

sample = sample_county()
settings = read_settings(sample.settings)
county = read_county(sample.boundaries, sample.ledger, settings=settings, folder=sample.folder)
scenario = plan_alliances(county, settings)
quick = "LIANCUN_QUICK" in os.environ  # tests only see that it runs
print({name: round(weight, 2) for name, weight in scenario.pairs.weights.items()})

# %% [markdown]
# ## What do near alliances cost in strength?
#
# Every plan that no other plan beats in both aims, complete and proven up to a fiftieth of each
# range. Weights need not be agreed first: the front shows what there is to choose from. The knee
# is where giving up a little of one aim no longer buys much of the other.

# %%
front = pareto_front(
    scenario,
    ["proximity", "strength_contrast"],
    resolution=0.1 if quick else 0.02,
    time_limit=600.0,
)
points = pd.DataFrame(front.points, columns=list(front.criteria))
print(front.status, len(points), "points;", front.names())

# %%
knees = [at for name, at in front.names().items() if name == "knee"]
ax = front_chart(
    points,
    "proximity",
    "strength_contrast",
    knees=knees,
    title="Near, or strong with weak",
    language="en",
)

# %%
at = knees[0] if knees else 0
ax = plan_map(scenario, front.plan(at), title="The plan at the knee", labels=False, language="en")

# %% [markdown]
# ## All over the weights
#
# Weights drawn evenly from all there are, a proven plan for each. A village that keeps its lead
# under nearly all of them is settled, whatever the weights; a swing village is where the meeting
# should spend its time. So far from the weights at hand most villages move at times: outlined and
# named are those that get another lead under 70 % of the weights or more.

# %%
from liancun_geo.research import data_sensitivity, weight_sensitivity

by_weights = weight_sensitivity(scenario, 4 if quick else 30, seed=1)
kept = by_weights.stays()
print(
    f"{by_weights.draws} plans; {np.mean(kept >= 0.8):.0%} of the villages keep their lead in 80 %"
)
ax = swing_map(
    scenario, 1.0 - kept, swinging=0.7, title="Swing villages under other weights", language="en"
)

# %% [markdown]
# ## Other figures
#
# Incomes and populations of a ledger are what somebody wrote down. Redrawn within an error, every
# village by itself, then scored and planned anew: how often does each alliance survive as it is?
# This moves far less than other weights do; outlined are villages that get another lead in 30 % of
# the draws or more.

# %%
by_data = data_sensitivity(scenario, 4 if quick else 30, seed=1)
print(dict(by_data.errors))
ax = swing_map(
    scenario,
    1.0 - by_data.stays(),
    swinging=0.3,
    title="Swing villages under figures within their error",
    language="en",
)

# %%
by_data.alliances().head(8)

# %% [markdown]
# What to report: the share of villages that are settled under both, the swing villages by name,
# and the alternatives they swing to (`by_weights.frame()`). Decision support only.
