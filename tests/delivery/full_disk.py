"""Sends what is due while the database may not grow; after a while it may. python -m tests.delivery.full_disk"""

import logging
import os
import resource
import sys
import threading
from pathlib import Path

from dissemination.delivery import ledger, sending
from tests.delivery.worker_process import app, settings

logging.basicConfig(stream=sys.stderr)
ledger.RETRY = 0.1
path = settings.database_url.removeprefix("sqlite:///")
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
with app.app_context():
    sizes = [Path(path + end).stat().st_size if os.path.exists(path + end) else 0 for end in ("", "-wal")]
    room = min(64 * 1024, max(sizes))  # the write-ahead log reaches it after some batches
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    threading.Timer(1.5, resource.setrlimit, (resource.RLIMIT_FSIZE, (hard, hard))).start()
    for _ in range(20):
        try:
            sending.deliver_due()
        except Exception as trouble:
            print(trouble, file=sys.stderr)
            threading.Event().wait(0.2)
