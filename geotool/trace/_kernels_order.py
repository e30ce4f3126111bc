"""Loops that put the nodes of an index in order, compiled by numba (extra ``fast``).

As :mod:`geotool.trace._kernels`, which is the only one to import this.
"""
# ruff: noqa: C901  (loops that call nothing: a function each would hide the order)

from typing import Any

import numpy as np
from numba import njit

NONE = -1

TWIG = 3
"""Kind of a position that hangs on one other, see :func:`kinds`."""


@njit(cache=True)
def by_key(key: Any, count: int) -> Any:
    """Sort numbers 0 … k-1 by their key: where each key begins, and the numbers."""
    first = np.zeros(count + 1, np.int32)
    for i in range(key.size):
        first[key[i] + 1] += 1
    for i in range(count):
        first[i + 1] += first[i]
    at = first[:-1].copy()
    order = np.empty(key.size, np.int32)
    for i in range(key.size):
        order[at[key[i]]] = i
        at[key[i]] += 1
    return first, order


@njit(cache=True)
def blocks(first: Any, tail: Any, roots: Any) -> Any:
    """
    Order nodes by Tarjan's search against the arcs.

    Returns
    -------
    order : array
        Node at each position.
    low : array, one a position
        Lowest position of the slice of its block.
    end : array, one a position
        Highest position of its block.
    """
    n = first.size - 1
    seen, link = np.zeros(n, np.int32), np.zeros(n, np.int32)
    is_placed = np.zeros(n, np.bool_)
    begun = np.empty(n, np.int32)
    open_, node, arc = (
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.empty(n, np.int32),
    )
    order, low, end = (
        np.empty(n, np.int32),
        np.empty(n, np.int32),
        np.empty(n, np.int32),
    )
    count = opened = placed = 0
    for root in roots:
        if seen[root] != 0:
            continue
        count += 1
        seen[root] = link[root] = count
        open_[opened] = root
        opened += 1
        begun[root] = placed
        node[0], arc[0], depth = root, first[root], 1
        while depth > 0:
            v, k = node[depth - 1], arc[depth - 1]
            if k < first[v + 1]:
                arc[depth - 1] = k + 1
                u = tail[k]
                if seen[u] == 0:
                    count += 1
                    seen[u] = link[u] = count
                    open_[opened] = u
                    opened += 1
                    begun[u] = placed
                    node[depth], arc[depth] = u, first[u]
                    depth += 1
                elif not is_placed[u] and seen[u] < link[v]:
                    link[v] = seen[u]
                continue
            depth -= 1
            if depth > 0 and link[v] < link[node[depth - 1]]:
                link[node[depth - 1]] = link[v]
            if link[v] == seen[v]:
                begin = placed
                while True:
                    opened -= 1
                    u = open_[opened]
                    is_placed[u] = True
                    order[placed] = u
                    placed += 1
                    if u == v:
                        break
                for p in range(begin, placed):
                    low[p], end[p] = begun[v], placed - 1
    return order, low, end


@njit(cache=True)
def cross_arcs(low: Any, first: Any, head: Any) -> Any:
    """List for each position the positions below its slice that lead to it."""
    n = low.size
    count = np.zeros(n + 1, np.int32)
    for p in range(n):
        for k in range(first[p], first[p + 1]):
            if p < low[head[k]]:
                count[head[k] + 1] += 1
    for p in range(n):
        count[p + 1] += count[p]
    at = count[:-1].copy()
    tail = np.empty(count[n], np.int32)
    for p in range(n):
        for k in range(first[p], first[p + 1]):
            if p < low[head[k]]:
                tail[at[head[k]]] = p
                at[head[k]] += 1
    return count, tail


@njit(cache=True)
def inner_arcs(end: Any, first: Any, head: Any) -> Any:
    """List for each position the arcs that lead to it inside its block."""
    n = end.size
    count = np.zeros(n + 1, np.int32)
    for p in range(n):
        if end[p] != p or (p > 0 and end[p - 1] == p):
            for k in range(first[p], first[p + 1]):
                h = head[k]
                if h >= 0 and end[h] == end[p] and h != p:
                    count[h + 1] += 1
    for p in range(n):
        count[p + 1] += count[p]
    at = count[:-1].copy()
    tail, arc = np.empty(count[n], np.int32), np.empty(count[n], np.int32)
    for p in range(n):
        if end[p] != p or (p > 0 and end[p - 1] == p):
            for k in range(first[p], first[p + 1]):
                h = head[k]
                if h >= 0 and end[h] == end[p] and h != p:
                    tail[at[h]], arc[at[h]] = p, k
                    at[h] += 1
    return count, tail, arc


@njit(cache=True)
def kinds(end: Any, first: Any, head: Any, inner_first: Any, inner: Any) -> Any:
    """
    Tell how a position is worked out.

    0: alone in its block, one arc out; 1: alone, two arcs; ``TWIG``: in a block, and
    but for other twigs that hang on it, joined to one higher position only; 2: anything
    else. No shortest way between other nodes goes through a twig.
    """
    kind = np.full(end.size, 2, np.int8)
    for p in range(end.size):
        if end[p] == p and (p == 0 or end[p - 1] != p):
            k, stop = first[p], first[p + 1]
            if stop == k + 1 and head[k] > p:
                kind[p] = 0
            elif stop == k + 2 and head[k] > p and head[k + 1] > p:
                kind[p] = 1
            continue
        trunk, is_twig = NONE, True
        for k in range(first[p], first[p + 1]):
            h = head[k]
            if h >= 0 and end[h] == end[p] and h != p and kind[h] != TWIG:
                is_twig &= h > p and (trunk < 0 or trunk == h)
                trunk = h
        for k in range(inner_first[p], inner_first[p + 1]):
            if kind[inner[k]] != TWIG:
                is_twig &= inner[k] > p and (trunk < 0 or trunk == inner[k])
                trunk = inner[k]
        if is_twig and trunk != NONE:
            kind[p] = TWIG
    return kind
