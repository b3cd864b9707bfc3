"""A transaction that lets go of its connection however it ends."""

from typing import Any

import asyncpg
from piccolo.engine.postgres import PostgresTransaction


class Transaction(PostgresTransaction):
    """Piccolo's transaction, except where the database dies under it.

    Piccolo's own, when BEGIN, COMMIT or ROLLBACK fails, keeps the connection and stays the current transaction: the
    pool runs dry, and a task that lives on (the worker) is left with a dead connection for ever.
    """

    async def __aenter__(self) -> PostgresTransaction:
        """Begin, or join the transaction around."""
        if self._parent is not None:
            parent: PostgresTransaction = self._parent
            return parent
        pool = self.engine.pool
        self.connection = await (pool.acquire() if pool else self.engine.get_new_connection())
        try:
            self.transaction = self.connection.transaction()
            await self.transaction.start()
        except BaseException:
            await self._let_go()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(self, exception_type: Any, exception: Any, traceback: Any) -> bool:
        """Commit, or roll back after an exception; that exception is never hidden by a failing rollback."""
        if self._parent is not None:
            return exception is None
        try:
            if exception is None:
                if not (self._committed or self._rolled_back):
                    await self.transaction.commit()
            elif not self._rolled_back:
                await self._roll_back_if_possible()
        finally:
            self.engine.current_transaction.reset(self.context)
            await self._let_go()
        return exception is None

    async def _roll_back_if_possible(self) -> None:
        try:
            await self.transaction.rollback()
        except (asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresError, OSError):
            # the connection is of no use: ended with it, nothing of the transaction stays
            self.connection.terminate()

    async def _let_go(self) -> None:
        if self.engine.pool:
            await self.engine.pool.release(self.connection)
        else:
            await self.connection.close()
