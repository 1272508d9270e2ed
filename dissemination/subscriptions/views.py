"""The pages of this package, collected: see `public`, `embed`, and the desk's modules."""

from flask import g, url_for

from dissemination.kernel import subjects
from dissemination.subscriptions import (
    audience_desk,
    desk,
    embed,
    imports_desk,
    mailto,
    segments_desk,
    suppressions_desk,
    topics,
)
from dissemination.subscriptions.common import desk as desk_pages
from dissemination.subscriptions.common import public as public_pages
from dissemination.subscriptions.public import unsubscribe

# Importing them puts their routes on the blueprints, and the handler of mailto on the inbox.
PAGES = (topics, desk, embed, imports_desk, segments_desk, audience_desk, suppressions_desk, mailto)
blueprints = (public_pages, desk_pages)
csrf_exempt = (unsubscribe, embed.create_embedded)

subjects.register("digests", lambda _digest_id: url_for("subscriptions_desk.index", district=g.district))
