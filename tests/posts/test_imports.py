"""Importing posts from a file: every fault named by its column, every good row made into posts exactly once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts import imports
from posts.import_rows import COLUMNS
from posts.imports import UnableToImport, cancel_import, confirm_import, progress, run_imports, start_import
from posts.models import Import, ImportedPost, ImportRow, Post
from posts.queue import in_seconds
from tests.crowd import together
from tests.factories import make_channel, make_organization
from tests.media_files import jpeg
from tests.people import Person
from tests.posts.flow import stored

HEADER = "text,accounts,scheduled_at,timezone,media_urls,media_type,first_comment,alt_texts,status,text_x"
SOON = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d} 09:00"


def upload(person: Person, *rows: str, header: str = HEADER) -> Import:
    body = "\n".join([header, *rows]).encode()
    return start_import(
        organization=person.organization, name="posts.csv", body=body, timezone="America/New_York",
        by=person.user.public_id, now=utcnow(),
    )  # fmt: skip


def checked(person: Person, *rows: str, header: str = HEADER) -> Import:
    found = upload(person, *rows, header=header)
    run_imports(seconds=30)
    found.refresh_from_db()
    assert found.status == "CHECKED"
    return found


def faults(found: Import, number: int = 2, severity: str = "error") -> list[tuple[str, str]]:
    row = ImportRow.objects.get(import_of=found, number=number)
    return [(issue["column"], issue["message"]) for issue in row.issues if issue["severity"] == severity]


@pytest.fixture
def account(owner: Person) -> Channel:
    """@democoffee on X."""
    return make_channel(owner.organization, "x", name="Demo Coffee", account={"username": "democoffee"})


def test_a_good_row_becomes_the_post_it_describes(owner: Person, account: Channel) -> None:
    url = stored(owner, "a.jpg", jpeg(640, 640))
    page = make_channel(owner.organization, "facebook", name="Demo Coffee", account={"username": "demo"})
    header = "Text,Accounts,Scheduled at,Timezone,Media URLs,First comment,Alt texts,Text X"
    row = f'Fresh beans,@democoffee | facebook:demo,{SOON},Asia/Kolkata,{url},Order here,A cup,"Beans, short"'
    found = checked(owner, row, header=header)
    assert faults(found) == []
    assert (progress(found).ready, progress(found).posts, progress(found).scheduled) == (1, 2, 2)

    confirm_import(found=found, now=utcnow())
    run_imports(seconds=30)

    posts = {post.channel_id: post for post in Post.objects.all()}
    post = posts[account.pk]
    assert set(posts) == {account.pk, page.pk}
    assert (post.text, post.media_urls, post.media_type, post.status) == ("Fresh beans", [url], "image", "QUEUED")
    assert post.platform_config["x"] == {"text": "Beans, short", "firstComment": "Order here"}
    assert post.platform_config["altTexts"] == ["A cup"]
    assert post.scheduled_at is not None
    assert f"{post.scheduled_at:%H:%M}" == "03:30"
    assert (post.timezone, post.due_at, post.created_by) == ("Asia/Kolkata", post.scheduled_at, owner.user.public_id)
    assert post.group_id == posts[page.pk].group_id is not None
    assert Import.objects.get().status == "DONE"


def test_a_row_without_a_time_is_a_draft(owner: Person, account: Channel) -> None:
    found = checked(owner, "Some day,@democoffee")
    confirm_import(found=found, now=utcnow())
    run_imports(seconds=30)

    assert (Post.objects.get().status, Post.objects.get().due_at) == ("DRAFT", None)


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("Hello,", "accounts", "at least one account"),
        ("Hello,@nobody", "accounts", "no account called @nobody. Yours are x:democoffee."),
        ("Hello,Twins", "accounts", "Several accounts are called Twins"),
        (f"{'x' * 400},@democoffee,SOON", "text", "280"),
        (",@democoffee,,,,,,,,", "text", "needs text or media"),
        ("Hello,@democoffee,2020-01-01 09:00", "scheduled_at", "past"),
        ("Hello,@democoffee,tomorrow", "scheduled_at", "ISO 8601"),
        ("Hello,@democoffee,15/04/2027", "scheduled_at", "ISO 8601"),
        ("Hello,@democoffee,2199-01-01", "scheduled_at", "three years"),
        ("Hello,@democoffee,SOON,Mars/Base", "timezone", "IANA"),
        ("Hello,@democoffee,SOON,,http://10.0.0.1/a.jpg", "media_urls", "10.0.0.1"),
        ("Hello,@democoffee,SOON,,not-an-address", "media_urls", "http and https"),
        ("Hello,@democoffee,SOON,,,poster", "media_type", "carousel"),
        ("Hello,@democoffee,,,,,,,scheduled", "scheduled_at", "needs a time"),
        ("Hello,@democoffee,SOON,,,,,,maybe", "status", "draft or scheduled"),
        ("Hello,@democoffee,,,,,,A cup,", "alt_texts", "more alternative texts"),
        (f"Hello,@democoffee,SOON,,,,,,,{'x' * 400}", "text_x", "280"),
        (f"Hello,@democoffee,SOON,,,,{'x' * 400}", "first_comment", "280"),
        ("Hello,Gone,SOON", "accounts", "disconnected"),
    ],
)
def test_a_fault_is_named_by_its_column(owner: Person, account: Channel, row: str, column: str, says: str) -> None:
    others = [make_channel(owner.organization, "facebook", name="Twins") for _ in range(2)]
    gone = make_channel(owner.organization, "instagram", name="Gone", is_active=False)
    if says.startswith("no account"):
        for other in (*others, gone):
            other.delete()
    found = checked(owner, row.replace("SOON", SOON))

    assert [name for name, message in faults(found) if says in message] == [column], ImportRow.objects.get().issues
    assert progress(found).ready == 0
    with pytest.raises(UnableToImport, match="No row"):
        confirm_import(found=found, now=utcnow())


@pytest.mark.parametrize(
    "name", ["{id}", "@democoffee", "DemoCoffee", "demo coffee", "x:democoffee", "X: Demo Coffee", "x"]
)
def test_an_account_may_be_named_in_many_ways(owner: Person, account: Channel, name: str) -> None:
    found = checked(owner, f"Hello,{name.format(id=account.public_id)}")

    assert (faults(found), progress(found).posts) == ([], 1)


def test_another_organization_s_account_is_none(owner: Person, stranger: Person, account: Channel) -> None:
    theirs = make_channel(stranger.organization, "facebook", name="Theirs")

    found = checked(owner, f"Hello,{theirs.public_id}")

    assert "no account called" in faults(found)[0][1]


def test_clocks_and_clashes_are_warned_of(owner: Person, account: Channel) -> None:
    with time_machine.travel("2026-03-01T12:00Z"):
        found = checked(
            owner, "Same,@democoffee,2026-03-08 02:30", "Same,@democoffee,2026-03-08 03:30",
            "Other,facebook,2026-11-01 01:30",
        )  # fmt: skip

    warned = {number: [message for _, message in faults(found, number, "warning")] for number in (2, 3, 4)}
    assert "it moves forward" in warned[2][0]
    assert warned[3] == ["X: Demo Coffee has the same minute in line 2.", "X: Demo Coffee has the same text in line 2."]
    assert "comes twice" in warned[4][0]


def test_only_the_good_rows_of_a_file_become_posts(owner: Person, account: Channel) -> None:
    found = checked(owner, "One,@democoffee", "Two,@nobody", "Three,@democoffee")

    confirm_import(found=found, now=utcnow())
    run_imports(seconds=30)

    assert set(Post.objects.values_list("text", flat=True)) == {"One", "Three"}
    state = progress(found)
    assert (state.rows, state.created, state.faulty, state.made) == (3, 2, 1, 2)


class Killed(BaseException):
    """As SIGKILL: nothing after it runs."""


@pytest.mark.parametrize(("point", "stored_before"), [("import.posts", 1), ("import.row", 2)])
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_a_row_is_followed_by_one_that_makes_no_post_twice(
    owner: Person, account: Channel, monkeypatch: pytest.MonkeyPatch, point: str, stored_before: int
) -> None:
    found = checked(owner, *(f"Post {number},@democoffee" for number in range(4)))
    confirm_import(found=found, now=utcnow())
    reached: list[str] = []

    def reach(name: str) -> None:
        reached.append(name)
        if reached.count(point) == 2 and name == point:
            raise Killed

    monkeypatch.setattr(imports, "reach", reach)
    with pytest.raises(Killed):
        run_imports(seconds=30)
    assert Post.objects.count() == stored_before
    assert run_imports(seconds=30) == 0  # still the dead worker's
    Import.objects.update(due_at=in_seconds(-1))  # its lease has ended
    run_imports(seconds=30)

    assert Counter(Post.objects.values_list("text", flat=True)) == Counter(f"Post {number}" for number in range(4))
    assert ImportedPost.objects.count() == 4
    assert Import.objects.get().status == "DONE"


@pytest.mark.django_db(transaction=True)
def test_workers_that_come_together_make_no_post_twice(owner: Person, account: Channel) -> None:
    found = checked(owner, *(f"Post {number},@democoffee" for number in range(10)))
    confirm_import(found=found, now=utcnow())

    together([lambda: run_imports(seconds=60)] * 3)

    assert Post.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_lease_writes_nothing_more(
    owner: Person, account: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = checked(owner, *(f"Post {number},@democoffee" for number in range(3)))
    confirm_import(found=found, now=utcnow())

    def slept(name: str) -> None:
        if name == "import.row" and Post.objects.count() == 1:
            monkeypatch.setattr(imports, "reach", lambda name: None)
            Import.objects.update(due_at=in_seconds(-1))
            run_imports(seconds=60)  # another one takes it up and ends it

    monkeypatch.setattr(imports, "reach", slept)
    run_imports(seconds=60)

    assert (Post.objects.count(), Import.objects.get().status) == (3, "DONE")


def test_a_cancelled_import_stops(owner: Person, account: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked(owner, *(f"Post {number},@democoffee" for number in range(3)))
    confirm_import(found=found, now=utcnow())
    monkeypatch.setattr(imports, "reach", lambda name: cancel_import(found=found) if name == "import.row" else None)

    run_imports(seconds=60)

    assert (Post.objects.count(), Import.objects.get().status) == (1, "CANCELLED")
    with pytest.raises(UnableToImport):
        confirm_import(found=found, now=utcnow())


def test_a_long_file_is_worked_on_in_turns(owner: Person, account: Channel) -> None:
    upload(owner, *(f"Post {number},@democoffee" for number in range(5)))

    assert run_imports(seconds=0) == 0
    assert imports.due_imports(2) == 1
    run_imports(seconds=60)
    assert imports.due_imports(2) == 0


def test_what_was_fine_yesterday_is_looked_at_again(owner: Person, account: Channel) -> None:
    found = checked(owner, f"Post,@democoffee,{SOON}")

    with time_machine.travel(utcnow() + timedelta(days=3)):
        confirm_import(found=found, now=utcnow())
        Import.objects.update(due_at=in_seconds(-1))
        run_imports(seconds=60)

    assert Post.objects.count() == 0
    assert "past" in faults(found)[0][1]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"text\nHello", "accounts"),
        (b"accounts,time\nx,1", "column"),
        (b"text,accounts", "no rows"),
        (b"text,Message,accounts\na,b,c", "same name"),
        (b"\xff\xd8\xff\xe0", "UTF-8"),
        (b"text,accounts\n" + b"x,y\n" * 1001, "1,000 rows"),
        (b"x" * 2_000_001, "2 MB"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_whole(owner: Person, body: bytes, says: str) -> None:
    with pytest.raises(UnableToImport, match=says):
        start_import(organization=owner.organization, name="x.csv", body=body, timezone="UTC", by="usr", now=utcnow())
    assert not Import.objects.exists()


def test_an_organization_uploads_so_many_files_a_day(owner: Person) -> None:
    other = make_organization()
    for organization in [owner.organization, other]:
        for _ in range(imports.DAILY if organization == owner.organization else 1):
            Import.objects.create(organization=organization, name="x", timezone="UTC", created_by="usr")

    with pytest.raises(UnableToImport, match="tomorrow"):
        upload(owner, "Hello,x")


def test_the_columns_of_the_template_are_those_that_are_read(owner: Person, account: Channel) -> None:
    header: Any = ",".join(COLUMNS)

    assert faults(checked(owner, "Hello,@democoffee", header=header)) == []


def test_old_files_are_forgotten_and_their_posts_stay(owner: Person, account: Channel) -> None:
    confirm_import(found=checked(owner, "Hello,@democoffee"), now=utcnow())
    run_imports(seconds=60)
    upload(owner, "Waiting,@democoffee")

    imports.prune(now=utcnow() + timedelta(days=89))
    assert Import.objects.count() == 2
    imports.prune(now=utcnow() + timedelta(days=91))

    assert [found.status for found in Import.objects.all()] == ["CHECKING"]
    assert Post.objects.get().text == "Hello"
