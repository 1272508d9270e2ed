"""What the worker does for the mail that comes back: look into the mailbox, where one is configured."""

import logging

from flask import current_app

from dissemination.delivery import expansion, imap, recall, receiving

log = logging.getLogger("dissemination.imap")


def fetch_mail() -> int:
    """Read the mailbox once; how many messages were handled. A mailbox that is down is only logged."""
    settings = current_app.config["SETTINGS"].imap
    if not settings.server:
        return 0
    try:
        return imap.fetch(settings, receiving.take_octets).handled
    except imap.Trouble as trouble:
        log.warning("%s", trouble)
        return 0


JOBS = [(5, recall.call_back_rest), (60, fetch_mail), (60, expansion.retry_troubled)]
