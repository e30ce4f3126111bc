"""Mutants in a running process: forks, and code exchanged in memory."""

import gc
import importlib
import importlib.machinery
import os
import resource
import sys
import types
from collections.abc import Callable

import pytest
from _pytest import runner
from mutants import Mutant

MEMORY_BYTES = 4 << 30


def say(text: str) -> None:
    """Print past pytest, which keeps what a test prints."""
    print(text, file=sys.__stderr__, flush=True)


def passes(item: pytest.Item) -> bool:
    """Run one test; whether it was run and passed."""
    reports = runner.runtestprotocol(item, log=False, nextitem=None)
    return all(report.passed for report in reports)


def in_child(work: Callable[[], int], seconds: float) -> int:
    """Run in a fork with limits of processor time and memory; give its status."""
    child = os.fork()
    if not child:
        status = 3
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1,) * 2)
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES,) * 2)
            void = os.open(os.devnull, os.O_WRONLY)
            keep = os.dup(2)
            sys.__stderr__ = os.fdopen(keep, "w")
            os.dup2(void, 1)
            os.dup2(void, 2)
            status = work()
        except BaseException as error:  # noqa: BLE001 - a fork must not run on
            say(f"driver: {error!r}")
        finally:
            sys.__stderr__.flush()
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 3:
        sys.exit("the driver itself failed, see above")
    return status


def live_functions(
    files: set[str],
) -> dict[tuple[str, str], list[types.FunctionType]]:
    """Give the functions in memory by the file and name they were written with."""
    found: dict[tuple[str, str], list[types.FunctionType]] = {}
    gc.unfreeze()  # the tests freeze what they found; what is frozen is not told
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType):
            code = thing.__code__
            if code.co_filename in files:
                found.setdefault((code.co_filename, code.co_qualname), []).append(thing)
    return found


def code_of(mutant: Mutant) -> types.CodeType | None:
    """Give the compiled outermost function with the edit in it."""
    pending = [compile(mutant.source(), str(mutant.path), "exec")]
    first, last = mutant.function_lines
    while pending:
        code = pending.pop()
        near = first - 20 <= code.co_firstlineno <= min(last, mutant.line)  # decorators
        if code.co_qualname == mutant.function and near:
            return code
        pending += [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return None


def import_mutated(mutant: Mutant, name: str) -> types.ModuleType:
    """Import a module with the edit in it, whatever pytest would rewrite."""
    plain = importlib.machinery.SourceFileLoader.get_code

    edited = []

    def get_code(self: object, name: str) -> types.CodeType | None:
        if self.path == str(mutant.path):
            edited.append(name)
            return compile(mutant.source(), self.path, "exec")
        return plain(self, name)

    importlib.machinery.SourceFileLoader.get_code = get_code
    finders = list(sys.meta_path)
    rewriter = "AssertionRewritingHook"
    sys.meta_path[:] = [one for one in finders if type(one).__name__ != rewriter]
    module = importlib.import_module(name)
    sys.meta_path[:] = finders
    if edited != [name]:
        sys.exit(f"{name} was not taken from the edited source")
    return module
