"""Ids in the order in which people count: A-2 before A-10."""

import re
from itertools import pairwise

import numpy as np

from geotool.network._ragged import Ints

_DIGITS = "0123456789"
_LONG = 18
"""Digits of a number that fits 64 bits."""


def natural_rank(texts: list[str]) -> Ints:
    """
    Rank texts with the numbers in them taken as numbers; equal texts rank alike.

    Examples
    --------
    >>> natural_rank(["A-10", "A-2", "A", "A-2"]).tolist()
    [2, 1, 0, 1]
    """
    if _count_up(texts):
        return np.arange(len(texts))
    # most ids are a text that many share and a number: only the texts need splitting
    heads = [text.rstrip(_DIGITS) for text in texts]
    tails = [text[len(head) :] for text, head in zip(texts, heads, strict=True)]
    width = np.fromiter(map(len, tails), np.int64, len(texts))
    place = _ranked(set(heads)) if width.max(initial=0) < _LONG else None
    if place is None:
        ordered = sorted(set(texts), key=lambda text: (_natural(text), text))
        place = {text: k for k, text in enumerate(ordered)}
        return np.fromiter(map(place.__getitem__, texts), np.int64, len(texts))
    head = np.fromiter(map(place.__getitem__, heads), np.int64, len(texts))
    number = np.array([int(tail or -1) for tail in tails], dtype=np.int64)
    return _dense_rank(width, number, head)


def _count_up(texts: list[str]) -> bool:
    """Whether each text is the one before with higher digits in the same places."""
    every = "".join(texts)
    sizes = set(map(len, texts))
    if len(sizes) != 1 or not every or not every.isascii():
        return False
    size = sizes.pop()
    grid = np.frombuffer(every.encode("ascii"), dtype=np.uint8).reshape(-1, size)
    is_digit = ((grid >= ord("0")) & (grid <= ord("9"))).all(axis=0)
    same = (grid == grid[0]).all(axis=0)
    words = grid.view(f"S{size}").ravel()
    return bool((is_digit | same).all() and (words[1:] > words[:-1]).all())


def _ranked(heads: set[str]) -> dict[str, int] | None:
    """Rank what stands before the numbers, if that settles the order."""
    keys = {head: _natural(head) for head in heads}
    ordered = sorted(heads, key=lambda head: (keys[head], head))
    if any(head[-1:].isdecimal() for head in heads):
        return None
    if any(keys[b][: len(keys[a])] == keys[a] for a, b in pairwise(ordered)):
        return None  # "A" and "A5B": whether A9 comes first is up to the 9
    return {head: k for k, head in enumerate(ordered)}


def _dense_rank(*columns: Ints) -> Ints:
    """Rank rows, the last column first."""
    order = np.lexsort(columns)
    fresh = np.zeros(len(order), dtype=bool)
    for column in columns:
        ordered = column[order]
        fresh[1:] |= ordered[1:] != ordered[:-1]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.cumsum(fresh)
    return rank


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Sort key with numbers as numbers."""
    return [
        (0, int(bit), "") if bit.isdecimal() else (1, 0, bit)
        for bit in re.split(r"(\d+)", text)
    ]
