"""The scheduler: is the look for due posts, and taking them, as cheap among a million scheduled rows as among few?

Floor: a bare ``SELECT 1`` on the same connection. Naive: the very same functions with the index dropped, in a transaction
that is rolled back; and for taking, the ORM's way of locking rows and saving them one by one.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from chat33.runtime.layout import Layout
from posts.models import Post, PostStatus
from posts.queue import claim_due_posts, due_posts
from posts.tasks import PUBLISHERS
from tests.benchmarks import rows
from tests.benchmarks.figures import Report, median, milliseconds, percentile
from tests.factories import make_channel, make_organization, make_post

FEW, MANY = 10_000, 1_000_000
BATCH = 500
UNVACUUMED = 100_000
CHANNELS = 50
AHEAD = "now() + interval '1 day' + n * interval '30 seconds'"


class _Undo(Exception):
    """Ends a transaction that is to leave nothing behind."""


def measure(layout: Layout) -> Report:
    """Needs PostgreSQL alone: nobody else may claim here."""
    report = Report(f"Scheduler: {MANY:,} scheduled posts")
    settings.LEASE = timedelta(hours=1)  # nothing claimed here comes due again while it is measured
    template = _template()
    _fill(template, FEW)
    few = _round()
    _fill(template, MANY - FEW)
    many = _round()

    tick = many["tick"]
    report.add("empty tick", tick, "ms", ("SELECT 1", many["floor"]))
    report.goal("  and without the index", tick, "ms", ("that", many["naive tick"]),
                goal="at most 1/100", met=tick <= many["naive tick"] / 100)  # fmt: skip
    report.goal(
        f"  and among {FEW:,} rows", tick, "ms", ("that", few["tick"]), goal="flat", met=tick <= 2 * few["tick"]
    )
    report.add("claim of 1, as workers do", many["claim 1"], "ms", (f"that among {FEW:,} rows", few["claim 1"]))
    claim = many["claim"]
    beside = ("the same without the index", many["naive claim"]), ("ORM lock and save each", many["orm claim"])
    report.add(f"claim of {BATCH}", claim, "ms", (f"that among {FEW:,} rows", few["claim"]), *beside)

    slowest, twice, missed = _two_claimers(batches=20)
    report.goal(f"claim of {BATCH}, two claimers at once", median(slowest), "ms", ("one claimer", claim),
                goal="20 ms or less", met=median(slowest) <= 20)  # fmt: skip
    report.add("  p95 of those", percentile(slowest, 0.95), "ms", ("its median", median(slowest)))
    report.goal("  rows claimed twice or by nobody", twice + missed, "", goal="0", met=not twice + missed, promise=True)
    _without_vacuum(report, layout, tick)
    return report


def _template() -> Post:
    organization = make_organization(name="Many Posts")
    first, *_ = [make_channel(organization, "x") for _ in range(CHANNELS)]
    return make_post(first, text="An ordinary text of some length, as people write them for X. " * 2)


def _fill(template: Post, count: int) -> None:
    rows.copies(
        template,
        count,
        status=f"'{PostStatus.QUEUED}'",
        channel_id=f"{template.channel_id} + mod(n, {CHANNELS})",
        due_at=AHEAD,
        scheduled_at=AHEAD,
    )
    rows.settle()


def _make_due(count: int) -> None:
    """Let so many of the scheduled rows come due."""
    soonest = Post.objects.filter(due_at__gt=Now(), status=PostStatus.QUEUED).order_by("due_at")[:count]
    Post.objects.filter(pk__in=soonest.values("pk")).update(due_at=Now() - timedelta(seconds=1))


def _schedule_again() -> None:
    """Whatever is due or was claimed is ahead again, and nobody's."""
    touched = Post.objects.filter(Q(due_at__lte=Now()) | Q(leased_until__isnull=False))
    ahead = Now() + timedelta(days=1) + F("id") * timedelta(milliseconds=1)
    touched.update(status=PostStatus.QUEUED, leased_until=None, due_at=ahead)
    rows.settle()


def _round() -> dict[str, float]:
    """Medians in milliseconds, among the rows that there are."""
    found = {
        "tick": median(milliseconds(lambda: due_posts(PUBLISHERS), repeat=101)),
        "floor": median(milliseconds(_select_1, repeat=101)),
        "naive tick": _without_index(lambda: median(milliseconds(lambda: due_posts(PUBLISHERS), repeat=5, warm=1))),
    }
    _make_due(40 * BATCH if _many() else 15 * BATCH)
    found["claim 1"] = median(milliseconds(lambda: _claim(1), repeat=101))
    found["claim"] = median(milliseconds(lambda: _claim(BATCH), repeat=30 if _many() else 7))
    found["naive claim"] = _without_index(lambda: median(milliseconds(lambda: _claim(BATCH), repeat=3, warm=0)))
    found["orm claim"] = _undone(lambda: median(milliseconds(_claim_by_orm, repeat=2, warm=0)))
    _schedule_again()
    return found


def _many() -> bool:
    return Post.objects.filter(pk__gt=FEW * 2).exists()


def _select_1() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _claim(limit: int) -> None:
    claims = claim_due_posts(limit=limit)
    assert len(claims) == limit, f"{len(claims)} of {limit} due posts claimed"


def _claim_by_orm() -> None:
    with transaction.atomic():
        due = Post.objects.filter(due_at__lte=Now()).order_by("due_at").select_for_update(skip_locked=True)[:BATCH]
        for post in list(due):
            post.status = PostStatus.PUBLISHING
            post.fence += 1
            post.due_at = post.leased_until = Now() + settings.LEASE
            post.save()


def _without_index(work: Callable[[], float]) -> float:
    def bare() -> float:
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX post_due")
        return work()

    return _undone(bare)


def _undone(work: Callable[[], float]) -> float:
    found = 0.0
    with suppress(_Undo), transaction.atomic():
        found = work()
        raise _Undo
    return found


def _two_claimers(*, batches: int) -> tuple[list[float], int, int]:
    """Both take batches until there are none. Returns milliseconds a batch, rows had twice, and rows had by nobody."""
    due = 2 * batches * BATCH
    _make_due(due)
    taken: list[int] = []
    spent: list[float] = []
    start = threading.Barrier(2)

    def claimer() -> None:
        try:
            connection.ensure_connection()
            start.wait(10)
            while True:
                started = time.perf_counter()
                mine = claim_due_posts(limit=BATCH)
                if not mine:
                    return
                spent.append((time.perf_counter() - started) * 1000)
                taken.extend(claim.post_id for claim in mine)
        finally:
            connection.close()

    threads = [threading.Thread(target=claimer) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _schedule_again()
    return spent, len(taken) - len(set(taken)), due - len(set(taken))


def _without_vacuum(report: Report, layout: Layout, tick: float) -> None:
    """What the index looks like behind a great many claims, before anybody has cleaned up."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE posts_post SET (autovacuum_enabled = off)")
    _make_due(UNVACUUMED)
    with psycopg.connect(layout.database_url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT 1 FROM posts_post LIMIT 1")  # an old snapshot from here on
        for _ in range(UNVACUUMED // BATCH):
            _claim(BATCH)
        held = median(milliseconds(lambda: due_posts(PUBLISHERS), repeat=11))
    _make_due(1)
    _claim(1)  # PostgreSQL looks anew for what is dead to all after a write, of which a living instance has many
    first = milliseconds(lambda: due_posts(PUBLISHERS), repeat=1, warm=0)[0]
    later = median(milliseconds(lambda: due_posts(PUBLISHERS), repeat=101, warm=5))
    name = f"tick behind {UNVACUUMED:,} claims"
    report.add(f"{name} not vacuumed, the first", first, "ms", ("an ordinary tick", tick))
    report.add("  and later ones", later, "ms", ("an ordinary tick", tick))
    report.add("  and while a transaction as old is open", held, "ms", ("an ordinary tick", tick))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE posts_post RESET (autovacuum_enabled)")
    _schedule_again()
