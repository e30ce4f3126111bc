"""Who did it: from readings to ranked sources, with reasons and honest probability."""

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
