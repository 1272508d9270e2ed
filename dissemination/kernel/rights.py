"""Who may call a view: roles, and the mark that a view carries.

The mark is data on the function; `people` reads it before each request, and a test walks all routes
with it. A desk view without a mark stops the start (see `unmarked`).
"""

from enum import StrEnum


class Role(StrEnum):
    """Roles in a district, each able to do what the ones before it can."""

    VIEWER = "viewer"  # reads the desk and exports
    ORGANISER = "organiser"  # workshops, publications, newsletters, audits
    MANAGER = "manager"  # plan, people, settings, sign-off
    OBSERVER = "observer"  # the Region: reads all districts, as a viewer does


RANK = {Role.OBSERVER: 1, Role.VIEWER: 1, Role.ORGANISER: 2, Role.MANAGER: 3}


def requires(role: Role):
    """Mark a view as needing `role` in the district of its URL."""

    def mark(view):
        view.required_role = role
        return view

    return mark


def requires_region(view):
    """Mark a view of all districts, below no district's address: for observers only, and only to read."""
    view.required_region = True
    return view


def unmarked(app) -> list[str]:
    """Endpoints below `/<district>/desk` or `/region` that carry no mark. Must be empty."""
    return sorted(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if ("/desk" in rule.rule or rule.rule.startswith("/region"))
        and not is_marked(app.view_functions[rule.endpoint])
    )


def is_marked(view) -> bool:
    """Whether a view is for some signed-in people only."""
    return getattr(view, "required_role", None) is not None or getattr(view, "required_region", False)
