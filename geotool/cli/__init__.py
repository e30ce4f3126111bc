"""The same verbs for scripts: demo, import, build, check, trace, assess, zones, map.

Exit status 0 when done, 2 for bad input, 3 when ``check`` finds errors, 1 for a
failure of ours. An error is one line on stderr, in Chinese and English.
"""

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from geotool.cli._parser import UsageError, build_parser
from geotool.errors import GeotoolError

TRACEBACK_VARIABLE = "GEOTOOL_TRACEBACK"
"""Set it to any text to see the traceback of a failure."""


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
    warnings.showwarning = _one_line
    try:
        chosen = build_parser().parse_args(arguments)
        return int(chosen.run(chosen) or 0)
    except (GeotoolError, UsageError) as error:
        print(f"错误 error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
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


def _one_line(message: Any, *_: Any, **__: Any) -> None:
    print(f"提示 note: {' '.join(str(message).split())}", file=sys.stderr)
