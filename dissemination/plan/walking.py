"""The tree of objectives, read: in which order, with which numbers, at which depth."""

from dissemination.plan.models import Objective, Plan


def children(plan: Plan, parent_id: int | None) -> list[Objective]:
    """The objectives right below another one (None: the topmost), in order."""
    return [o for o in plan.objectives if o.parent_id == parent_id]


def walk(plan: Plan) -> list[tuple[Objective, str, int]]:
    """Every objective with its number ("1.2") and its level (1 …), in the order of the tree."""
    below: dict[int | None, list[Objective]] = {}
    for o in plan.objectives:
        below.setdefault(o.parent_id, []).append(o)

    def under(parent_id, before, level):
        for n, o in enumerate(below.get(parent_id, ()), start=1):
            yield o, f"{before}{n}", level
            yield from under(o.id, f"{before}{n}.", level + 1)

    return list(under(None, "", 1))
