"""Several people who act at the very same moment, each with a connection of their own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from werkzeug.exceptions import NotFound

from dissemination.kernel.database import db, transaction
from dissemination.kernel.refusals import Refusal


def at_once(app, *people) -> list[str]:
    """What became of what each did, in order of the alphabet: "done", or the name of the refusal (NotFound too).

    Each of `people` reads, as a view does before its transaction, and gives the act to be done within it.
    """
    together = Barrier(len(people))

    def one(read) -> str:
        with app.app_context():
            try:
                act = read()
                together.wait(timeout=20)
                with transaction():
                    act()
            except (Refusal, NotFound) as refused:
                return type(refused).__name__
            finally:
                db.session.remove()
        return "done"

    db.session.rollback()
    with ThreadPoolExecutor(len(people)) as pool:
        return sorted(done.result(timeout=60) for done in [pool.submit(one, read) for read in people])
