"""Who did it: from readings to ranked sources, with reasons and honest probability."""

from typing import TYPE_CHECKING

from geotool._on_demand import on_demand

if TYPE_CHECKING:
    from geotool.attribution._inputs import Prepared, build_problem
    from geotool.attribution._operator import Transport
    from geotool.attribution._problem import Evidence, Problem
    from geotool.attribution._rank import rank_problem, rank_sources
    from geotool.attribution._ranking import Ranking

__all__ = [
    "Evidence",
    "Prepared",
    "Problem",
    "Ranking",
    "Transport",
    "build_problem",
    "rank_problem",
    "rank_sources",
]

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_inputs": ("Prepared", "build_problem"),
        "_operator": ("Transport",),
        "_problem": ("Evidence", "Problem"),
        "_rank": ("rank_problem", "rank_sources"),
        "_ranking": ("Ranking",),
    },
)
