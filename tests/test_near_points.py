"""Points near each other are found in order of place, as by measuring all pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geotool.layers import _identity
from geotool.layers._identity import NEAR_M, _near_pairs


def all_pairs(spots):
    apart = ((spots[:, None] - spots) ** 2).sum(axis=2)
    return {*map(tuple, np.argwhere(np.triu(apart <= NEAR_M**2, 1)).tolist())}


@given(
    count=st.integers(0, 120),
    sides=st.lists(st.sampled_from([0.0, 4.0, 60.0, 9000.0]), min_size=2, max_size=3),
    seed=st.integers(0, 99),
)
def test_pairs_are_those_of_all_distances(count, sides, seed):
    spots = np.random.default_rng(seed).random((count, len(sides))) * sides
    spots = np.round(spots, 1)  # many are exactly NEAR_M apart
    found = _near_pairs(spots)
    assert found.shape[1] == 2
    assert len({*map(tuple, found.tolist())}) == len(found)
    assert {*map(tuple, found.tolist())} == all_pairs(spots)


@pytest.mark.parametrize("few", [0, 3, 10**6])
def test_many_abreast_are_left_to_a_tree(monkeypatch, few):
    monkeypatch.setattr(_identity, "FEW_SPOTS", few)
    spots = np.random.default_rng(1).random((200, 3)) * [40.0, 30.0, 20.0]
    assert {*map(tuple, _near_pairs(spots).tolist())} == all_pairs(spots)
