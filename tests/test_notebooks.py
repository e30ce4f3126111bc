"""The notebooks run from top to bottom, tell a story and define nothing."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks():
    assert [path.stem[:2] for path in NOTEBOOKS][:2] == ["00", "01"]


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path):
    import nbformat  # they take seconds to load, and only one worker needs them
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    client = NotebookClient(
        book,
        timeout=900,  # a cell that hangs, not one on a slow machine
        startup_timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": FOLDER}},
    )
    client.execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    noise = [o["text"] for o in outputs if o.get("name") == "stderr"]
    assert not noise, "a notebook prints no warnings"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_a_story_without_outputs(path):
    import nbformat

    book = nbformat.read(path, as_version=4)
    assert book.cells[0].cell_type == "markdown"
    kinds = [cell.cell_type for cell in book.cells]
    assert kinds.count("markdown") >= kinds.count("code") / 2
    for cell in book.cells:
        assert not cell.get("outputs"), "outputs are stripped before a commit"
        if cell.cell_type == "code":
            assert "def " not in cell.source
            assert "class " not in cell.source
