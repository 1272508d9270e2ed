"""The pages of this package, collected: see `archive`, `desk`, `composer`, `dispatch`."""

from flask import url_for

from dissemination.kernel import subjects
from dissemination.newsletters import (
    approval_desk,
    archive,
    block_pages,
    clicked,
    compose_pages,
    composer,
    desk,
    dispatch,
    exports,
    history,
    outcome_desk,
    picture_pages,
    queries,
    rehearsal_desk,
    settings_desk,
    steering,
    template_pages,
)
from dissemination.newsletters.common import desk as desk_pages
from dissemination.newsletters.common import public as public_pages

PAGES = (
    approval_desk, archive, block_pages, clicked, compose_pages, composer, desk, dispatch, exports,
    outcome_desk, picture_pages, rehearsal_desk, settings_desk, steering, template_pages,
)  # fmt: skip
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


def _of(find):
    def url(row_id: int) -> str | None:
        row = find(row_id)
        return _desk_url(row.issue_id) if row else None

    return url


subjects.register("issues", _desk_url)
subjects.register("issue_rehearsals", _of(history.rehearsal_by_id))
subjects.register("issue_approvals", _of(history.approval_by_id))
subjects.register("dispatches", _of(history.dispatch_by_id))
subjects.register("issue_tests", _test_url)
