"""Workers killed at random moments: nobody lost, nobody gets it twice, few are uncertain.

The full run (20,000 recipients, ten kills) is `make bench ONLY=send.kill`, or here with KILL_COUNT=20000 KILLS=10.
"""

import os
import signal

import pytest

from bench import kills

COUNT = int(os.environ.get("KILL_COUNT", "1200"))
KILLS = int(os.environ.get("KILLS", "3"))


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_killed_workers_lose_nobody_repeat_nobody_and_leave_few_uncertain(database_url, tmp_path, signum):
    url = database_url if database_url.startswith("postgresql") else ""
    found = kills.run(COUNT, kills=KILLS, signum=signum, url=url, folder=str(tmp_path))
    assert (found["lost"], found["repeated"], found["unmarked"]) == (0, 0, 0)
    assert found["accepted"] + found["uncertain"] == COUNT
    assert found["uncertain"] <= (found["allowed"] if signum == signal.SIGKILL else 0)
