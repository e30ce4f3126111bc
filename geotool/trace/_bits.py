"""Which of many targets each node of a directed graph leads to, in one pass.

A set of targets is a Python integer, bit k for target k: its ``or`` runs over machine
words, and nodes with one set share one object. Strongly connected parts are one node;
a part that only hands on to one other has the same set, and is skipped.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

BITS = 64


def sets_reached(
    tail: Ints, head: Ints, own: Sequence[tuple[int, int]], *, nodes: int
) -> tuple[Ints, list[int]]:
    """
    Find the targets that each node leads to.

    Parameters
    ----------
    tail, head : array of int
        Arcs.
    own : list of (node, set)
        Targets at a node, as bits.
    nodes : int

    Returns
    -------
    group : array of int, one a node
    sets : list of int
        Set of each group, no two alike.

    Notes
    -----
    Time and memory are linear in arcs, times the words of a set.

    Examples
    --------
    Nodes 0 → 1 ⇄ 2 → 3, targets at 2 (bit 0) and 3 (bit 1):

    >>> tail, head = np.array([0, 1, 2, 2]), np.array([1, 2, 1, 3])
    >>> group, sets = sets_reached(tail, head, [(2, 0b01), (3, 0b10)], nodes=4)
    >>> [f"{sets[k]:02b}" for k in group]
    ['11', '11', '11', '10']
    """
    graph = sp.csr_array((np.ones(len(tail), np.int8), (tail, head)), (nodes, nodes))
    parts, part = sp.csgraph.connected_components(graph, connection="strong")
    found = [0] * parts
    for node, bits in own:
        found[part[node]] |= bits
    source, target = part[tail].astype(np.int64), part[head].astype(np.int64)
    key = np.unique((source * parts + target)[source != target])
    source, target = key // parts, key % parts
    first = np.searchsorted(source, np.arange(parts + 1))
    stands_for = _skipped(found, first, target)
    order = _targets_first(source, target, parts)
    after, begin = stands_for[target].tolist(), first.tolist()
    for one in order[stands_for[order] == order].tolist():
        bits = found[one]
        for k in range(begin[one], begin[one + 1]):
            bits |= found[after[k]]
        found[one] = bits
    numbers: dict[int, int] = {}
    group = np.empty(parts, dtype=np.int64)
    for one in np.flatnonzero(stands_for == np.arange(parts)).tolist():
        group[one] = numbers.setdefault(found[one], len(numbers))
    return group[stands_for][part], list(numbers)


def _skipped(found: list[int], first: Ints, target: Ints) -> Ints:
    """Part that each part has its set from: itself, or the next that is no mere pass."""
    parts = len(found)
    stands_for = np.arange(parts)
    has_own = np.array([bits != 0 for bits in found], dtype=bool)
    passes = np.flatnonzero((np.diff(first) == 1) & ~has_own)
    stands_for[passes] = target[first[passes]]
    while True:  # each round doubles how far one looks
        further = stands_for[stands_for]
        if (further == stands_for).all():
            return stands_for
        stands_for = further


def _targets_first(source: Ints, target: Ints, parts: int) -> Ints:
    """Order in which every part comes after those that it leads to."""
    # scipy numbers strong parts so; it does not promise it
    if (source > target).all():
        return np.arange(parts)
    if (source < target).all():
        return np.arange(parts)[::-1]
    order = np.argsort(target, kind="stable")
    before, first = (
        source[order].tolist(),
        np.searchsorted(target[order], np.arange(parts + 1)),
    )
    waiting = np.bincount(source, minlength=parts).tolist()
    ready = [one for one, left in enumerate(waiting) if not left]
    for one in ready:  # grows while it is walked
        for other in before[first[one] : first[one + 1]]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return np.array(ready, dtype=np.int64)


def as_words(sets: Sequence[int], count: int) -> Words:
    """
    Lay sets out as rows of 64-bit words, the lowest first.

    Examples
    --------
    >>> as_words([1, 1 << 64], 65)
    array([[1, 0],
           [0, 1]], dtype=uint64)
    """
    width = max(1, -(-count // BITS))
    raw = b"".join(one.to_bytes(8 * width, "little") for one in sets)
    return np.frombuffer(raw, dtype="<u8").astype(np.uint64).reshape(-1, width)


def bits_of(one: int) -> list[int]:
    """
    List the members of a set.

    Examples
    --------
    >>> bits_of(0b1010)
    [1, 3]
    """
    members = []
    while one:
        low = one & -one
        members.append(low.bit_length() - 1)
        one ^= low
    return members


def has_bit(words: Words, bit: int) -> NDArray[np.bool_]:
    """Tell which rows hold a member."""
    column = words[:, bit // BITS] >> np.uint64(bit % BITS)
    return (column & np.uint64(1)).astype(bool)
