"""The pages of this package, collected: see `public` and `topics`."""

from dissemination.subscriptions import topics
from dissemination.subscriptions.common import desk as desk_pages
from dissemination.subscriptions.common import public as public_pages
from dissemination.subscriptions.public import unsubscribe

PAGES = (topics,)  # importing them puts their routes on the blueprints
blueprints = (public_pages, desk_pages)
csrf_exempt = (unsubscribe,)
