"""What a process keeps of the memory that it freed."""

import subprocess
import sys

PROGRAM = """
import re, sys
from pathlib import Path
from dissemination.kernel.memory import give_back

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

large = bytearray(30_000_000)
del large  # glibc now takes pieces of this size from its heap
if sys.argv[1] == "yes":
    give_back()
before = resident()
pieces = [bytearray(b"x") * 200_000 for _ in range(200)]
last = pieces[-1]
del pieces
print(resident() - before)
"""


def kept(given_back: str) -> int:
    """MiB that a process keeps of 40 MB after it freed all but the last 200 kB."""
    return int(subprocess.check_output([sys.executable, "-c", PROGRAM, given_back], text=True))


def test_freed_memory_goes_back_to_the_system():
    assert kept("yes") < 10 < kept("no")
