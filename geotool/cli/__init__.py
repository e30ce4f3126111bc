"""The same verbs for scripts: demo, import, build, check, trace, assess, zones, map,
doctor.

Exit status 0 when done, 2 for bad input, 3 when ``check`` finds errors, 1 for a
failure of ours. An error is one line on stderr, in Chinese and English.
"""

import atexit
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

if "numpy" not in sys.modules:
    # a command solves many small systems, one after another: threads of BLAS that wait
    # for each other cost more than they bring, the more so on a busy machine
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # what libraries bring along when loaded stays: searching it for garbage again and
    # again is a tenth of a short command
    gc.set_threshold(500_000, 50, 50)
    # at the end Python would search all of it twice more, half a second, for nothing
    atexit.register(gc.freeze)

from geotool.cli._parser import UsageError, build_parser
from geotool.errors import TRACEBACK_VARIABLE, GeotoolError


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process if None.

    Returns
    -------
    int
        Exit status.

    Examples
    --------
    >>> main(["check", "nowhere.gpkg"])
    2
    """
    _plain_streams()
    if not (sys.argv[1:] if arguments is None else arguments):
        build_parser().print_help(sys.stderr)
        return 2
    notes: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            # a filter that makes errors of warnings stays: tests set one
            try:
                chosen = build_parser().parse_args(arguments)
                status = int(chosen.run(chosen) or 0)
            finally:
                notes = _texts(caught)
        for text in notes:
            print(f"提示 note: {text}", file=sys.stderr)
        return status
    except (GeotoolError, UsageError) as error:
        # what was noted on the way may be the reason: all in one line
        told = f"（此前提示 noted before: {'；'.join(notes)}）" if notes else ""
        print(f"错误 error: {error}{told}", file=sys.stderr)
        return 2
    except OSError as error:
        return _refused_by_system(error)
    except KeyboardInterrupt:
        print("已中断 interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        said = " ".join(str(error).split()) or "?"
        print(
            f"失败 failure: {type(error).__name__}: {said}（这是 geotool 的问题；"
            f"设 {TRACEBACK_VARIABLE}=1 重试可看到细节 / a fault of geotool; set "
            f"{TRACEBACK_VARIABLE}=1 to see where）",
            file=sys.stderr,
        )
        return 1


def _plain_streams() -> None:
    """Let Chinese pass whatever the console's encoding is."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _texts(caught: Sequence[Any]) -> list[str]:
    """Give warnings as lines, each once."""
    return list(dict.fromkeys(" ".join(str(each.message).split()) for each in caught))


def _refused_by_system(error: OSError) -> int:
    """Tell of a file that the system would not read or write."""
    if isinstance(error, BrokenPipeError):
        return 1
    name = f" {error.filename}" if error.filename else ""
    said = error.strerror or " ".join(str(error).split())
    print(
        f"错误 error: 系统不让读写{name}（{said}）；请检查路径、权限和磁盘空间。 / "
        f"the system refused{name} ({said}); check path, rights and disk space.",
        file=sys.stderr,
    )
    wrong = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError)
    return 2 if isinstance(error, (*wrong, NotADirectoryError)) else 1
