"""What the worker does for imports of past activities."""

from dissemination.pastyears import actions


def work_on_imports() -> int:
    """Read, enter or undo what people decided; how many imports went on."""
    return actions.work()


JOBS = [(2, work_on_imports)]
