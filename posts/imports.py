"""Importing posts from a file: rows are stored as they came, checked by a worker, and made into posts on a person's word.

Each row is a transaction of its own that holds the import's row: it writes only while the worker's fence is the
import's, so a cancelled or re-claimed import is not gone on with, and a row and its posts are stored together or not at
all. A worker that dies leaves an import that comes due again by itself.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Now

from chat33.lib.clock import utcnow
from chat33.lib.failpoints import reach
from chat33.lib.sheets import UnreadableSheet, read_sheet
from chat33.orgs.models import Organization
from integrations.models import Channel
from integrations.selectors import channels_for
from posts.import_rows import COLUMNS, Fault, Reading, check_row, column_named, read_row, repeated
from posts.models import Import, ImportedPost, ImportRow, ImportRowStatus, ImportStatus
from posts.schedule import NotATime, zone
from posts.services import create_posts

MAX_BYTES = 2_000_000
MAX_ROWS = 1_000
LEASE = timedelta(seconds=60)  # looking at one row's files takes a fraction of it
KEPT = timedelta(days=90)
DAILY = 50  # imports of an organization in 24 hours


class UnableToImport(Exception):
    """The file or the import does not allow this; the message says what to do."""


class _LostClaim(Exception):
    """Cancelled, or another worker has it."""


@dataclass(frozen=True)
class Progress:
    """How far an import is: rows by what became of them, and the posts that the ready ones make."""

    rows: int
    waiting: int
    ready: int
    faulty: int
    created: int
    posts: int  # that the ready rows make
    scheduled: int  # of those, queued at once
    made: int  # posts that are there

    @property
    def done(self) -> int:
        """Rows that have been looked at."""
        return self.rows - self.waiting


def progress(found: Import) -> Progress:
    """How far it is."""
    rows = ImportRow.objects.filter(import_of=found).order_by()
    ready = Q(status=ImportRowStatus.READY)
    told = rows.aggregate(
        rows=Count("id"),
        waiting=Count("id", filter=Q(status=ImportRowStatus.WAITING)),
        ready=Count("id", filter=ready),
        faulty=Count("id", filter=Q(status=ImportRowStatus.FAULTY)),
        created=Count("id", filter=Q(status=ImportRowStatus.CREATED)),
        posts=Sum("accounts", filter=ready, default=0),
        scheduled=Sum("accounts", filter=ready & Q(schedules=True), default=0),
    )
    return Progress(**told, made=ImportedPost.objects.filter(row__import_of=found).count())


def start_import(
    *, organization: Organization, name: str, body: bytes, timezone: str, by: str, now: datetime
) -> Import:
    """Store the file's rows, to be checked by a worker. Raises ``UnableToImport``."""
    if len(body) > MAX_BYTES:
        raise UnableToImport("The file is larger than 2 MB. Split it and upload the parts.")
    recent = Import.objects.filter(organization=organization, created_at__gt=now - timedelta(hours=24))
    if recent.count() >= DAILY:
        raise UnableToImport(f"{DAILY} files have been uploaded in 24 hours. Go on tomorrow.")
    try:
        zone(timezone)
        sheet = read_sheet(body, max_rows=MAX_ROWS)
    except (UnreadableSheet, NotATime) as error:
        raise UnableToImport(str(error)) from None
    columns = [column_named(header) for header in sheet.header]
    known = [column for column in columns if column]
    if len(set(known)) < len(known):
        raise UnableToImport("Two columns have the same name. Keep one of them.")
    if "accounts" not in known or not {"text", "media_urls", *(c for c in COLUMNS if c.startswith("text_"))} & set(
        known
    ):
        raise UnableToImport("The file needs a column “accounts” and a column “text”. Start from the template.")
    if not sheet.rows:
        raise UnableToImport("The file has no rows below the first line.")
    with transaction.atomic():
        made = Import.objects.create(
            organization=organization, name=name[:200], timezone=timezone, columns=list(sheet.header),
            created_by=by, created_at=now, due_at=now,
        )  # fmt: skip
        ImportRow.objects.bulk_create(
            ImportRow(
                import_of=made,
                organization=organization,
                number=row.number,
                cells={column: cell for column, cell in zip(columns, row.cells, strict=False) if column and cell},
            )
            for row in sheet.rows
        )
    return made


@transaction.atomic
def confirm_import(*, found: Import, now: datetime) -> Import:
    """Make posts of the rows that are ready. Raises ``UnableToImport``."""
    row = Import.objects.select_for_update().get(pk=found.pk)
    if row.status != ImportStatus.CHECKED:
        raise UnableToImport("Only a file that has been checked can be made into posts.")
    if not ImportRow.objects.filter(import_of=row, status=ImportRowStatus.READY).exists():
        raise UnableToImport("No row of this file can become a post. Mend it and upload it again.")
    row.status, row.due_at = ImportStatus.CREATING, now
    row.save(update_fields=["status", "due_at"])
    return row


@transaction.atomic
def cancel_import(*, found: Import) -> Import:
    """Stop: what has become a post stays one. Raises ``UnableToImport``."""
    row = Import.objects.select_for_update().get(pk=found.pk)
    if row.status == ImportStatus.DONE:
        raise UnableToImport("This import has ended already.")
    row.status, row.due_at, row.fence = ImportStatus.CANCELLED, None, row.fence + 1
    row.save(update_fields=["status", "due_at", "fence"])
    return row


def prune(*, now: datetime) -> None:
    """Forget files older than ``KEPT``; the posts that came of them stay."""
    Import.objects.filter(created_at__lt=now - KEPT, due_at=None).delete()


def due_imports(limit: int) -> int:
    """How many imports are due, counted up to ``limit``."""
    return Import.objects.filter(due_at__lte=Now()).order_by()[:limit].count()


def run_imports(*, seconds: float) -> int:
    """Carry due imports until there are none or the time is up. Returns how many rows were worked on."""
    until, worked = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        claimed = _claim()
        if claimed is None:
            break
        try:
            worked += _Worker(claimed, until).run()
        except _LostClaim:
            continue
    return worked


@transaction.atomic
def _claim() -> Import | None:
    """A due import, leased; the clock is the database's."""
    due = Import.objects.filter(due_at__lte=Now()).order_by("due_at").select_for_update(skip_locked=True, of=("self",))
    found = due.select_related("organization__package").first()
    if found is None:
        return None
    Import.objects.filter(pk=found.pk).update(fence=F("fence") + 1, due_at=Now() + LEASE)
    found.fence += 1
    return found


@dataclass
class _Worker:
    """One claim of one import."""

    found: Import
    until: float

    def run(self) -> int:
        """Row after row; then the next state, or the rest for whoever comes next. Raises ``_LostClaim``."""
        creating = self.found.status == ImportStatus.CREATING
        waiting = ImportRowStatus.READY if creating else ImportRowStatus.WAITING
        channels = list(channels_for(self.found.organization).select_related("organization__package"))
        rows = list(ImportRow.objects.filter(import_of=self.found, status=waiting).order_by("number"))
        clashes = {} if creating else self._clashes(channels)
        for number, row in enumerate(rows):
            if time.monotonic() > self.until:
                self._end(self.found.status, due=True)
                return number
            if creating:
                self._create(row, channels)
            else:
                self._check(row, channels, clashes.get(row.number, ()))
        self._end(ImportStatus.DONE if creating else ImportStatus.CHECKED, due=False)
        return len(rows)

    def _clashes(self, channels: Sequence[Channel]) -> Mapping[int, Sequence[Fault]]:
        rows = ImportRow.objects.filter(import_of=self.found).order_by("number")
        return repeated({row.number: self._read(row, channels) for row in rows})

    def _read(self, row: ImportRow, channels: Sequence[Channel]) -> Reading:
        return read_row(cells=row.cells, channels=channels, timezone=self.found.timezone, now=utcnow())

    def _checked(self, row: ImportRow, channels: Sequence[Channel]) -> Reading:
        """Looked at outside any transaction: files elsewhere take their time."""
        reading = self._read(row, channels)
        return check_row(organization=self.found.organization, reading=reading, now=utcnow())

    def _check(self, row: ImportRow, channels: Sequence[Channel], clashes: Sequence[Fault]) -> None:
        reading = self._checked(row, channels)
        with transaction.atomic():
            self._hold()
            self._store(row, reading, clashes)

    def _store(self, row: ImportRow, reading: Reading, clashes: Sequence[Fault] = ()) -> None:
        row.status = ImportRowStatus.READY if reading.is_ready else ImportRowStatus.FAULTY
        row.issues = [asdict(fault) for fault in dict.fromkeys((*reading.faults, *clashes))]
        row.accounts, row.schedules = len(reading.channels), reading.plan.status == "QUEUED"
        row.save(update_fields=["status", "issues", "accounts", "schedules"])

    def _create(self, row: ImportRow, channels: Sequence[Channel]) -> None:
        """Checked once more, for time has passed; then the posts, the links to them and the row's state, together."""
        reading = self._checked(row, channels)
        with transaction.atomic():
            self._hold()
            if not reading.is_ready:
                self._store(row, reading)
                return
            posts = create_posts(
                organization=self.found.organization,
                channels=reading.channels,
                content=reading.content,
                plan=reading.plan,
                by=self.found.created_by,
                now=utcnow(),
            )
            ImportedPost.objects.bulk_create(
                ImportedPost(organization=self.found.organization, row=row, channel_id=post.channel_id, post=post)
                for post in posts
            )
            reach("import.posts")
            row.status = ImportRowStatus.CREATED
            row.save(update_fields=["status"])
        reach("import.row")

    def _hold(self) -> None:
        """Lock the import and keep it for another lease. Raises ``_LostClaim``."""
        self._update(due_at=Now() + LEASE)

    def _end(self, status: str, *, due: bool) -> None:
        self._update(status=status, due_at=Now() if due else None)

    def _update(self, **fields: Any) -> None:
        if not Import.objects.filter(pk=self.found.pk, fence=self.found.fence).update(**fields):
            raise _LostClaim
