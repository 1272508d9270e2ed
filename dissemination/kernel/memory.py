"""Memory: what the C library keeps of what was freed, and when Python looks for cycles."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
AS_AT_THE_START = 128 * 1024  # octets


@cache
def give_back() -> None:
    """Let this process return freed memory to the system, however large its pieces were; once is enough.

    By itself glibc keeps up to twice the largest piece that it ever mapped at the top of its heap, and stops
    mapping pieces of that size: a process that runs for long grows by what it once needed (mallopt(3),
    "dynamic mmap threshold"). Where the C library knows no mallopt, nothing happens.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, AS_AT_THE_START)
        library.mallopt(M_TRIM_THRESHOLD, AS_AT_THE_START)


@contextmanager
def without_collecting() -> Iterator[None]:
    """For work that makes a million small objects without cycles: looking for these costs a fifth of it."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
