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
# # French mergers: how near does the engine come to what really happened?
#
# Between 2013 and 2024 hundreds of French communes merged into *communes nouvelles*: small
# neighbouring municipalities under one seat, as near to village alliances as public data come.
# The question to every method: **given the communes that merged, who merged with whom, and who
# leads?** From what was known in 2013 alone: place, people, canton, EPCI.
#
# The layer `fr_dep49_14_communes_2013.gpkg` (IGN and COGugaison, open licences) lies beside the
# project; without it this notebook says so and stops. It uses `benchmarks/mergers.py` of the
# checkout, where the question is written down. Measured figures:
# [docs/mergers.md](../docs/mergers.md).

# %%
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

project = Path(os.environ.get("LIANCUN_PROJECT", "..")).resolve()
sys.path.insert(0, str(project))
from benchmarks import mergers

there = mergers.LAYER.exists()
if not there:
    print("The layer beside the project is not here: the rest of this notebook does nothing.")

# %% [markdown]
# ## The question
#
# Every EPCI takes the place of a township. Sizes allowed in one department are those seen in the
# *other* one, and weights are learned there too, so nothing of the answer has been seen. Learning
# gives each EPCI up to a minute and needs far less: every plan is proven best, so that the figures
# are the same on every machine.

# %%
if there:
    communes = mergers.read()
    most = {name: mergers.largest(part) for name, part in communes.items()}
    asked = {
        name: mergers.ask(name, part, most[other])
        for (name, part), other in zip(communes.items(), reversed(most), strict=True)
    }
    for name, question in asked.items():
        merged = len(np.unique(question.existing))
        print(f"department {name}: {len(communes[name])} communes merged into {merged}")
    rounds = 3 if "LIANCUN_QUICK" in os.environ else 40  # tests only see that it runs
    lessons = {
        name: mergers.learned(name, part, max(most.values()), rounds=rounds)
        for name, part in communes.items()
    }
    learned = pd.DataFrame({f"from {name}": lesson.weights for name, lesson in lessons.items()})
    print(learned.round(3))

# %% [markdown]
# ## The answers
#
# Pair F1: of all pairs of communes, how well does a method say who merged with whom. Adjusted
# Rand: the same, with what chance gives at 0. Leads: how many seats it finds.

# %%
from dataclasses import asdict

from liancun_geo.research import dot_chart

tables = {}
if there:
    for name, question in asked.items():
        (other,) = set(asked) - {name}
        told = {
            method: asdict(agreement)
            for method, agreement, _ in mergers.answers(question, lessons[other])
        }
        tables[name] = pd.DataFrame(told).T
        print(f"department {name}")
        print(tables[name].round(3).to_string())

# %%
for name, table in tables.items():
    shown = table[["f1", "adjusted_rand", "lead"]]
    shown.columns = ["pair F1", "adjusted Rand", "leads found"]
    shown.index = [method.replace("_", " ") for method in table.index]
    dot_chart(
        shown,
        highlight=[method for method in shown.index if method.startswith("engine")],
        title=f"Department {name}: agreement with what happened",
        language="en",
    )

# %% [markdown]
# ## What happened, and what the engine says
#
# Part of one department: borders of the communes that merged, by what happened (left) and by the
# engine under the weights learned elsewhere (right).

# %%
from liancun_geo.research import plan_map, plan_with

if there:
    from matplotlib import pyplot as plt

    name = next(iter(asked))
    (other,) = set(asked) - {name}
    question, part = asked[name], communes[name]
    own = plan_with(question.features, lessons[other].weights)
    figure, axes = plt.subplots(1, 2, figsize=(11.0, 6.4), layout="constrained")
    drawn = {"zones": "epci2013", "labels": False, "language": "en"}
    plan_map(
        part, question.existing, title=f"Department {name}: what happened", ax=axes[0], **drawn
    )
    plan_map(part, own, title="The engine, weights learned elsewhere", ax=axes[1], **drawn)

# %% [markdown]
# ## Read it soberly
#
# Money, mayors and history decided much that no method was told. Default weights, made for
# Chinese alliances of 4 to 8, do badly on mergers of up to twenty communes. Learned ones come
# nearer to who merged with whom and find fewer of the seats; in one department simpler methods do
# better still. A figure like these is no licence to skip asking the communes.
