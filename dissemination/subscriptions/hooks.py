"""What higher floors are asked and told: they append their functions in `setup.init_app`."""

from collections.abc import Callable

from dissemination.people.models import Contact
from dissemination.subscriptions.models import Topic

topic_users: list[Callable[[Topic], bool]] = []
"""Each says whether rows of its package name the topic, which then may not be deleted."""

left: list[Callable[[Contact, set[int]], None]] = []
"""Each is told, in the transaction, who left topics and the ids of those that remain: what waits to be
sent to her for other topics is called back."""
