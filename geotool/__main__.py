"""``python -m geotool`` is the same as ``geotool``."""

import sys

from geotool.cli import main

if __name__ == "__main__":
    sys.exit(main())
