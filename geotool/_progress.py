"""Progress bars of long steps: on a terminal or in a notebook, silent everywhere else.

A bar appears once a step has lasted two seconds, goes to stderr (what a command prints
stays clean) and is gone when the step is done. Only the outermost step has a bar.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Event, Thread
from typing import Any, TypeVar

PROGRESS_VARIABLE = "GEOTOOL_PROGRESS"
"""``0`` hides all bars; any other text shows them where they would be hidden."""

PATIENCE_S = 2.0
"""A step that is done by then needs no bar."""

_Item = TypeVar("_Item")

_live: list[Any] = []
"""The bar that is shown; at most one."""


def shows_progress() -> bool:
    """
    Whether somebody watches: a kernel of a notebook, or a terminal that is no CI.

    Examples
    --------
    >>> before = os.environ.get(PROGRESS_VARIABLE)
    >>> os.environ[PROGRESS_VARIABLE] = "0"
    >>> shows_progress()
    False
    >>> _ = os.environ.pop(PROGRESS_VARIABLE)
    >>> if before is not None:
    ...     os.environ[PROGRESS_VARIABLE] = before
    """
    wish = os.environ.get(PROGRESS_VARIABLE)
    if wish:
        return wish != "0"
    if os.environ.get("CI"):
        return False
    return in_kernel() or bool(getattr(sys.stderr, "isatty", bool)())


def in_kernel() -> bool:
    """Whether this process is the kernel of a notebook."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def progress(
    items: Iterable[_Item], zh: str, en: str, *, total: int | None = None
) -> Iterator[_Item]:
    """
    Pass items on, and count them on a bar.

    Parameters
    ----------
    items : iterable
    zh, en : str
        What is being done, in both languages.
    total : int, optional
        How many there are, where the iterable does not tell.

    Examples
    --------
    >>> list(progress("ab", "读", "reading"))
    ['a', 'b']
    """
    size = total if total is not None else getattr(items, "__len__", lambda: None)()
    with _bar(zh, en, size) as bar:
        for item in items:
            yield item
            if bar is not None:
                bar.update()


@contextmanager
def long_step(zh: str, en: str, *, stages: int | None = None) -> Iterator[None]:
    """
    Show a bar while a long step runs; also a decorator of a function.

    Parameters
    ----------
    zh, en : str
        What is being done.
    stages : int, optional
        How often :func:`stage` will be called; without it only time is told.

    Examples
    --------
    >>> with long_step("建河网", "building the network", stages=1):
    ...     stage("打断", "noding")
    """
    with _bar(zh, en, stages, None if stages else "{desc}: {elapsed}{postfix}"):
        yield


def stage(zh: str, en: str) -> None:
    """Name what begins now on the bar of the step that runs, if it has one."""
    if _live:
        _live[0].set_postfix_str(f"{zh} {en}", refresh=False)
        _live[0].update()


@contextmanager
def _bar(zh: str, en: str, total: int | None, form: str | None = None) -> Iterator[Any]:
    """Make a bar unless nobody watches or one is there already; None then."""
    if _live or not shows_progress():
        yield None
        return
    bar = _bar_class()(
        total=total,
        desc=f"{zh} {en}",
        bar_format=form,
        delay=PATIENCE_S,
        leave=False,
        file=sys.stderr,
    )
    done = Event()
    clock = Thread(target=_keep_time, args=(bar, done), daemon=True)
    _live.append(bar)
    clock.start()
    try:
        yield bar
    finally:
        done.set()
        clock.join()
        _live.remove(bar)
        bar.close()


def _keep_time(bar: Any, done: Event) -> None:
    """Show a bar that is due and let its time go on, though nothing is counted."""
    wait = PATIENCE_S
    while not done.wait(wait):
        bar.refresh()
        bar.delay = 0  # shown by now: to be wiped out at the end
        wait = 1.0


def _bar_class() -> Any:
    """Take widgets where a notebook has them; tqdm.auto warns where it has not."""
    import tqdm

    if in_kernel() and find_spec("ipywidgets"):
        from tqdm.notebook import tqdm_notebook

        return tqdm_notebook
    return tqdm.tqdm
