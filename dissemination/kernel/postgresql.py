"""What the driver of PostgreSQL is told at each new connection. Imported only where there is one."""

from collections.abc import Sequence
from functools import cached_property

from psycopg import Connection, Cursor, ServerCursor
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult


class Columns(Sequence):
    """The `description` of a result (PEP 249), put together when somebody reads it.

    SQLAlchemy asks each result for it and reads that of a statement's first one only: the 400 columns that
    a registration is made of need not be described each time.
    """

    def __init__(self, result: PGresult, connection: Connection):
        self._result, self._connection = result, connection

    @cached_property
    def _described(self) -> list[tuple]:
        result, encoding, rest = self._result, self._connection.info.encoding, (None,) * 5
        return [
            ((result.fname(n) or b"").decode(encoding), result.ftype(n), *rest) for n in range(result.nfields)
        ]

    def __len__(self) -> int:
        return self._result.nfields

    def __getitem__(self, index):
        return self._described[index]


class QuickCursor(Cursor):
    """A cursor that describes its columns only to who looks."""

    @property
    def description(self):
        """The columns of the current result; None when there are none."""
        result = self.pgresult
        return Columns(result, self.connection) if result and result.nfields else None


class HeldCursor(ServerCursor):
    """A cursor that the server keeps (`yield_per`), also where no transaction is open: then its result is put
    aside once, and stays what it was while others write."""

    def __init__(self, connection: Connection, name: str, *, withhold: bool = False, **more):
        alone = connection.info.transaction_status == TransactionStatus.IDLE
        super().__init__(connection, name, withhold=withhold or alone, **more)


def prepare(connection: Connection) -> None:
    """Leave BEGIN to us (`database._begin`), and use the cursors above."""
    connection.autocommit = True
    connection.cursor_factory = QuickCursor
    connection.server_cursor_factory = HeldCursor
