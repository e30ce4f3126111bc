"""How much memory something takes above what was there, for benchmarks."""

import resource
import threading
import time
from pathlib import Path
from typing import Self


def resident_mb() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


class Peak:
    """Watches memory while something runs."""

    def __enter__(self) -> Self:
        self.before = self.most = resident_mb()
        self.going = True
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def _watch(self) -> None:
        while self.going:
            self.most = max(self.most, resident_mb())
            time.sleep(0.01)

    def __exit__(self, *_: object) -> None:
        self.going = False
        self.thread.join()
        self.most = max(self.most, resident_mb())

    @property
    def mb(self) -> float:
        """Memory above the start."""
        return self.most - self.before
