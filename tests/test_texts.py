"""Whole columns of cells are judged as their cells are, one by one."""

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from geotool._texts import DESTROYED, ColumnLook, distinct, is_blank
from geotool.layers._values import clean_text, clean_texts

TEXTS = st.text(
    alphabet=st.sampled_from([*"ab口河 \t\n\u3000\xa0\x1c\0", DESTROYED[0], *"锟斤"]),
    max_size=4,
)
NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, width=32),
    st.integers(-(10**6), 10**6),
)
CELLS = st.one_of(
    st.lists(TEXTS, max_size=8),
    st.lists(st.one_of(TEXTS, st.none()), max_size=8),
    st.lists(st.one_of(TEXTS, NUMBERS), max_size=8),
    st.lists(
        st.one_of(
            TEXTS,
            NUMBERS,
            st.none(),
            st.booleans(),
            st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)),
        ),
        max_size=8,
    ),
)


def column(cells):
    made = np.empty(len(cells), dtype=object)
    made[:] = cells
    return made


def seen_whole(values):
    look = ColumnLook(len(values))
    values[:] = look.at(values.tolist())
    return look.seen


@given(CELLS)
def test_a_column_is_seen_as_its_cells_are(cells):
    blank, plain, destroyed = seen_whole(column(cells))
    told = [False] * len(cells) if blank is None else blank.tolist()
    assert told == [is_blank(cell) for cell in cells]
    there = [cell for cell, empty in zip(cells, told, strict=True) if not empty]
    if plain:
        assert all(type(cell) is str for cell in there)
        assert not any(part.isspace() for cell in there for part in cell)
    texts = [cell for cell in cells if type(cell) is str]
    assert destroyed == any(mark in text for mark in DESTROYED for text in texts)


@given(CELLS)
def test_a_column_is_cleaned_as_its_cells_are(cells):
    made = clean_texts(pd.Series(column(cells), dtype=object)).tolist()
    assert made == [clean_text(cell) for cell in cells]


@given(CELLS)
def test_distinct_cells_and_their_places_give_the_column_back(cells):
    at, words = distinct(cells)
    back = [words[place] for place in at]
    for one, cell in zip(back, cells, strict=True):
        assert type(one) is type(cell)
        assert one == cell or repr(one) == repr(cell)  # nan; 0.0 may stand for -0.0
    assert len(words) <= len(cells)


def test_spans_of_time_become_text():
    cells = column([dt.timedelta(hours=1), "x"])
    assert seen_whole(cells).blank is None
    assert cells.tolist() == ["1:00:00", "x"]


def test_cells_that_cannot_be_hashed_stay_as_they_are():
    at, words = distinct([[1], [1], "x"])
    assert [words[place] for place in at] == [[1], [1], "x"]
