"""The ledger: every request as a row, and sums of them, in SQLite or PostgreSQL."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from gateway.config.ledger import Ledger as Settings
from gateway.ledger.bodies import Bodies
from gateway.ledger.engine import Database
from gateway.ledger.figures import Totals
from gateway.ledger.forgetting import forget, held
from gateway.ledger.listing import Listing
from gateway.ledger.migrating import migrate
from gateway.ledger.opinions import OpinionTables
from gateway.ledger.retention import Retention
from gateway.ledger.views import (
    Body,
    Dimension,
    Filter,
    OpinionFilter,
    OpinionPage,
    Page,
    Point,
    Reading,
    Score,
    ScoredBy,
    Share,
    Step,
    Summary,
)
from gateway.ledger.writing import Writer
from gateway.record.batch import Batch, Position
from gateway.record.feedback import Feedback
from gateway.record.row import Row

_ALL = Filter()
_ANY = OpinionFilter()
_UTC = ZoneInfo("UTC")


class Ledger:
    """All that anybody asks of it. Everything raises `LedgerAway` while the database cannot answer."""

    def __init__(self, database: Database, settings: Settings) -> None:
        """Of a database that is up to date; `open` makes it so."""
        self._database = database
        self._bodies = Bodies(database)
        self._retention = Retention(database, settings.keep_days, settings.sums_days)
        self._opinions = OpinionTables(database)
        self._writer = Writer(database)
        self._listing = Listing(database)
        self._totals = Totals(database)

    @classmethod
    async def open(cls, settings: Settings) -> "Ledger":
        """Connects, and makes or brings up to date what is there. Raises `LedgerAway` and `LedgerRefused`."""
        database = Database(settings)
        try:
            await migrate(database)
        except BaseException:
            await database.aclose()
            raise
        return cls(database, settings)

    async def aclose(self) -> None:
        await self._database.aclose()

    async def write(self, batch: Batch, position: Position | None = None) -> bool:
        """All of it or nothing. False where that position of its spool is kept already. Rows whose request is known are left out."""
        return await self._writer.write(batch, position)

    async def drop_positions(self, spools: Iterable[str]) -> None:
        """Of spools that no disk holds any more: nothing of them can come again."""
        await self._writer.drop_positions(spools)

    async def find(self, request_id: str) -> Row | None:
        return await self._listing.find(request_id)

    async def page(
        self,
        rows: Filter = _ALL,
        *,
        before: str | None = None,
        after: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
    ) -> Page:
        """The newest rows first. `before` is the `older` of a page; with `after`, the `newest` of one, come those since then.

        Raises ValueError for what is no cursor.
        """
        return await self._listing.page(rows, before=before, after=after, since=since, until=until, limit=limit)

    async def summary(self, rows: Filter, since: float, until: float) -> Summary:
        """Of the minutes that the time touches. Raises ValueError where `rows.of_rows_alone`, as `series` and `split` do."""
        return await self._totals.summary(rows, since, until)

    async def series(self, rows: Filter, since: float, until: float, step: Step, zone: ZoneInfo = _UTC) -> list[Point]:
        """One point for every step, whose days begin at midnight in the zone. Raises ValueError for too many."""
        return await self._totals.series(rows, since, until, step, zone)

    async def split(self, by: Dimension, rows: Filter, since: float, until: float) -> list[Share]:
        """The most requests first."""
        return await self._totals.split(by, rows, since, until)

    async def names(self, by: Dimension) -> list[str]:
        """Those that rows of the time of all sums have there, in their order; what filters offer."""
        return await self._totals.names(by)

    async def keep_bodies(self, some: Iterable[Body]) -> None:
        """Texts, scrubbed, each until its own end. Those of a request that has one already replace it."""
        await self._bodies.keep(some)

    async def read_body(self, request_id: str, reader: str, now: float) -> Body | None:
        """For the key named `reader`. The reading is written down, or nothing is shown."""
        return await self._bodies.read(request_id, reader, now)

    async def read_bodies(self, request_ids: Sequence[str], reader: str, now: float) -> list[Body]:
        """Those that are there of several hundred; each of these readings is written down."""
        return await self._bodies.read_all(request_ids, reader, now)

    async def readings(self, limit: int = 100) -> list[Reading]:
        """Who asked for bodies, the newest first."""
        return await self._bodies.readings(limit)

    async def forget(self, user: str) -> dict[str, int]:
        """Removes what is held of an end user, as rows name it; how many rows went, by table. Sums hold none and stay."""
        return await forget(self._database, user)

    async def held(self, user: str) -> dict[str, int]:
        """What `forget` would remove now, by table."""
        return await held(self._database, user)

    async def tidy(self, now: float) -> dict[str, int]:
        """Removes what is older than the settings say; how many rows went, by table. Call it now and then."""
        return await self._retention.tidy(now)

    async def add_feedback(self, one: Feedback) -> Feedback:
        """What stands there under its id: this very one, or what was there before."""
        return await self._opinions.add(one)

    async def feedback_of(self, request_id: str) -> list[Feedback]:
        """The oldest first."""
        return await self._opinions.of_request(request_id)

    async def feedback_of_all(self, request_ids: Sequence[str]) -> list[Feedback]:
        """Of several hundred requests at once, the oldest first."""
        return await self._opinions.of_requests(request_ids)

    async def feedback_page(
        self,
        which: OpinionFilter = _ANY,
        *,
        before: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
    ) -> OpinionPage:
        """The newest first. Raises ValueError for what is no cursor."""
        return await self._opinions.page(which, before=before, since=since, until=until, limit=limit)

    async def scores(
        self,
        by: ScoredBy | None,
        which: OpinionFilter,
        since: float,
        until: float,
        step: Step | None = None,
        zone: ZoneInfo = _UTC,
    ) -> list[Score]:
        """Of the quarters of an hour that the time touches; without a step, all of it at once. Steps without feedback are left out."""
        return await self._opinions.scores(by, which, since, until, step, zone)
