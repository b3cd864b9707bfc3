"""For work over very many values at once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_circles() -> Iterator[None]:
    """With millions of values and no circle among them, Python's search for circles takes most of the time.

    For some seconds of work: circles that others make meanwhile stay until it ends. Who had it off keeps it off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
