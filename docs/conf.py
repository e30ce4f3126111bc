"""How the site is made: Sphinx, the docstrings, the notebooks and the tables of rules."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from _site_parts import make_pages

from geotool import __version__

project = "geotool"
author = "The geotool engineers"
project_copyright = "geotool, MIT"
version = release = __version__
language = "zh_CN"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "myst_nb",
]
exclude_patterns = ["_build", "_site", "jupyter_execute"]

# docstrings are in NumPy's style; names are shown as a user writes them
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
add_module_names = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # run by _site_parts, in the folder they are written for
suppress_warnings = ["myst.header"]  # a notebook's parts begin at the second level

html_theme = "furo"
html_title = f"geotool {version}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sphinx = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

make_pages(HERE)
