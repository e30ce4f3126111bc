"""What holds for every test."""

import gc
import os

# Two workers share the cores: threads of their own would only wait for each other. Said
# before numpy is imported, and to the processes that tests start.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import pytest
from _chromium import chromium  # noqa: F401 - a fixture for every file
from _pytest.doctest import DoctestModule
from hypothesis import HealthCheck, settings

# No timed assertion: on a busy machine an example may take any time, to draw and to run.
# The examples are the same in every run, so that a change is what turns a test red; with
# more of them (GEOTOOL_EXAMPLES=6, make test-long) chance looks for what these missed.
settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="GEOTOOL_EXAMPLES" not in os.environ,
    database=None,
)
settings.load_profile("untimed")

LONGEST = (
    "test_notebooks",
    "test_demo_story",
    "test_network",
    "test_trace_exact",
    "test_docs",
    "test_zones_shapes",
    "test_trace_index",
    "test_trace",
    "test_cli",
    "test_atlas",
    "test_orient",
    "test_first_week",
    "test_network_engines",
    "test_catchment_dem",
    "test_browser",
    "test_onemap_view",
    "test_locate",
    "test_zones",
)


def pytest_collection_modifyitems(items):
    """Begin with what takes longest: no worker is left with a long file at the end."""
    place = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path):
    """Take a file of tests once, and for its examples again only where it has some."""
    found = yield
    if file_path.suffix != ".py" or ">>> " in file_path.read_text("utf-8"):
        return found
    return [one for one in found if not isinstance(one, DoctestModule)]


def pytest_collection_finish():
    """
    Look for garbage among what the tests make only.

    Modules, tables of rules and thousands of tests stay to the end. By default Python
    walks through them again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
