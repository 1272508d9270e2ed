"""The pages of this package, collected: see `archive`, `desk`, `composer`, `dispatch`."""

from flask import url_for

from dissemination.kernel import subjects
from dissemination.newsletters import (
    archive,
    block_pages,
    compose_pages,
    composer,
    desk,
    dispatch,
    picture_pages,
    queries,
    template_pages,
)
from dissemination.newsletters.common import desk as desk_pages
from dissemination.newsletters.common import public as public_pages

PAGES = (archive, block_pages, compose_pages, composer, desk, dispatch, picture_pages, template_pages)
# Importing them puts their routes on the blueprints.
blueprints = (public_pages, desk_pages)


def _desk_url(issue_id: int) -> str | None:
    issue = queries.by_id(issue_id)
    if issue is None:
        return None
    return url_for("newsletters_desk.show", district=issue.district, issue_id=issue.id)


def _test_url(test_id: int) -> str | None:
    test = queries.test_by_id(test_id)
    return _desk_url(test.issue_id) if test else None


subjects.register("issues", _desk_url)
subjects.register("issue_tests", _test_url)
