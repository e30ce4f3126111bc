"""Parts of numpy that a command never uses, loaded only if it does after all.

Importing ``scipy.sparse`` looks at every public name of numpy, and by that loads what
wraps Fortran and what runs tests: a tenth of all the time that imports take.
"""

import importlib.util
import sys

NEVER_USED = ("f2py", "testing", "ctypeslib", "polynomial")


def load_later(names: tuple[str, ...] = NEVER_USED) -> None:
    """
    Put modules of numpy in place that load when something in them is asked for.

    Parameters
    ----------
    names : tuple of str
        Those that are loaded already are left alone.

    Examples
    --------
    >>> import numpy
    >>> load_later()
    >>> numpy.testing.assert_allclose(1.0, 1.0)
    """
    import numpy  # here, because --help does without

    for name in names:
        whole = f"numpy.{name}"
        spec = None if whole in sys.modules else importlib.util.find_spec(whole)
        if spec is None or spec.loader is None:
            continue
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules[whole] = module
        spec.loader.exec_module(module)
        setattr(numpy, name, module)
