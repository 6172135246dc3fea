"""Commands for researchers: thin shells around :mod:`liancun_geo.research`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option

from liancun_geo.cli import options
from liancun_geo.cli.running import command
from liancun_geo.commands.inputs import Inputs
from liancun_geo.report import Report

Draws = Annotated[int, Option("--draws", min=4, help="research.help_draws")]
Chains = Annotated[int, Option("--chains", min=1, help="research.help_chains")]
Seed = Annotated[int, Option("--seed", min=0, help="research.help_seed")]
Beta = Annotated[float, Option("--beta", min=0.0, help="research.help_beta")]
Gamma = Annotated[float, Option("--gamma", min=0.0, help="research.help_gamma")]
Table = Annotated[Path | None, Option("--out", help="research.help_table")]

Existing = Annotated[Path, Option("--assignment", help="research.help_existing")]
LearnedOut = Annotated[Path | None, Option("--out", help="research.help_learned_out")]
Folds = Annotated[int, Option("--folds", min=0, help="research.help_folds")]
Margin = Annotated[float, Option("--margin", min=0.0, help="research.help_margin")]


@command()
def learn(
    report: Report,
    inputs: Inputs,
    assignment: Existing,
    folds: Folds = 5,
    margin: Margin = 0.05,
    out: LearnedOut = None,
) -> int:
    """Learn weights from existing alliances."""
    from liancun_geo.commands.learn import learn

    return learn(report, inputs, assignment, out, folds=folds, margin=margin)


@command()
def ensemble(
    report: Report,
    inputs: Inputs,
    assignment: options.Assignment = None,
    draws: Draws = 500,
    chains: Chains = 4,
    seed: Seed = 0,
    beta: Beta = 0.0,
    gamma: Gamma = 1.0,
    out: Table = None,
) -> int:
    """Place a plan among sampled plans."""
    from liancun_geo.commands.ensemble import ensemble

    return ensemble(
        report,
        inputs,
        assignment,
        out,
        draws=draws,
        chains=chains,
        seed=seed,
        beta=beta,
        gamma=gamma,
    )


Criteria = Annotated[str, Option("--criteria", metavar="A,B[,C]", help="research.help_criteria")]
Resolution = Annotated[
    float, Option("--resolution", min=0.0, max=0.99, help="research.help_resolution")
]
Answer = Annotated[Path | None, Option("--out", help="research.help_answer")]
Redraws = Annotated[int, Option("--draws", min=1, help="research.help_redraws")]
OfData = Annotated[bool, Option("--data", help="research.help_of_data")]
Around = Annotated[bool, Option("--around", help="research.help_around")]
Ranges = Annotated[bool, Option("--ranges", help="research.help_ranges")]
RelativeError = Annotated[float | None, Option("--error", min=0.0, help="research.help_error")]


@command()
def pareto(
    report: Report,
    inputs: Inputs,
    criteria: Criteria = "proximity,strength_contrast",
    resolution: Resolution = 0.0,
    out: Answer = None,
    workers: options.Workers = None,
) -> int:
    """Find the plans that no other plan beats in two or three criteria."""
    from liancun_geo.commands.pareto import pareto

    return pareto(report, inputs, criteria, out, resolution=resolution, workers=workers)


@command()
def sensitivity(
    report: Report,
    inputs: Inputs,
    data: OfData = False,
    around: Around = False,
    ranges: Ranges = False,
    error: RelativeError = None,
    draws: Redraws = 100,
    seed: Seed = 0,
    out: Answer = None,
    workers: options.Workers = None,
) -> int:
    """Tell how far the plan depends on weights or figures."""
    from liancun_geo.commands.sensitivity import sensitivity

    return sensitivity(
        report,
        inputs,
        out,
        data=data,
        around=around,
        ranges=ranges,
        error=error,
        draws=draws,
        seed=seed,
        workers=workers,
    )
