"""Moving posts from the calendar, acting on several at once, and taking it back."""

from collections.abc import Callable
from datetime import date, time

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.views.decorators.http import require_POST

from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import Undo, say
from posts import moving
from posts.models import Post
from posts.moving import MAX_SELECTED, Mover, NothingToUndo, Outcome
from posts.schedule import clock
from posts.selectors import posts_for
from posts.services import ChangedMeanwhile, UnableToChange
from posts.views.calendar import shown

PUBLISH = "posts.publish_due_posts"
CHANGED = "Somebody else changed this post meanwhile. It is shown as it is now."


@door(Permission.WRITE)
@require_POST
def move(request: PageRequest) -> HttpResponse:
    """Put a post on another day, at another hour or both; the minutes stay, or the whole time of the day."""
    post_id = request.POST.get("post", "")
    if not is_id(post_id, "post"):
        raise Http404
    mine = posts_for(request.here.organization).select_related("channel", "organization")
    post = get_object_or_404(mine, public_id=post_id)
    try:
        outcome = _moved(request, post)
    except UnableToChange as error:
        say(request, str(error), kind="bad")
    except ChangedMeanwhile:
        say(request, CHANGED, kind="warn")
    else:
        at = outcome.done[0].scheduled_at
        assert at is not None
        words = f"Moved to {format_date(clock(at, request.here.zone), 'l j F, H:i')}."
        say(request, words, undo=Undo(reverse("undo_posts"), outcome.undo))
    return _answer(request)


@door(Permission.WRITE)
@require_POST
def selected(request: PageRequest) -> HttpResponse:
    """Do one thing to every selected post, and say what came of it by post."""
    ids = [given for given in request.POST.getlist("post") if is_id(given, "post")]
    if len(ids) > MAX_SELECTED:
        say(request, f"At most {MAX_SELECTED} posts at a time. Select fewer.", kind="bad")
        return _answer(request)
    mine = posts_for(request.here.organization).select_related("channel", "organization")
    posts = list(mine.filter(public_id__in=ids).order_by("scheduled_at", "id"))
    action = request.POST.get("action", "")
    try:
        act = _actions(request).get(action)
    except ValueError:
        say(request, "Give a number of days, a time such as 09:30, or both.", kind="bad")
        return _answer(request)
    if act is None or not posts:
        say(request, "Select posts first.", kind="warn")
        return _answer(request)
    outcome = act(posts)
    if action in ("move", "retry"):
        ring_on_commit(PUBLISH)
    if outcome.done:
        undo_it = Undo(reverse("undo_posts"), outcome.undo) if outcome.undo else None
        say(request, f"{_SAID[action]} {_number(len(outcome.done))}.", undo=undo_it)
    return _answer(request, outcome)


@door(Permission.WRITE)
@require_POST
def undo(request: PageRequest) -> HttpResponse:
    """Take back what a token stands for."""
    try:
        outcome = moving.undo(
            token=request.POST.get("token", ""), organization=request.here.organization, mover=_mover(request)
        )
    except NothingToUndo as error:
        say(request, str(error), kind="warn")
    else:
        ring_on_commit(PUBLISH)
        if outcome.refused:
            say(request, f"Not undone: {outcome.refused[0].reason}", kind="warn")
        if outcome.done:
            say(request, "Undone." if len(outcome.done) == 1 else f"Undone for {_number(len(outcome.done))}.")
    if request.htmx:
        return HttpResponse(headers={"HX-Trigger": "posts-changed"})
    return redirect("posts")


_SAID = {
    "move": "Moved",
    "queue": "Moved to the next queue times:",
    "cancel": "Cancelled",
    "retry": "Trying again:",
    "copy": "Made drafts of",
    "delete": "Deleted",
}


def _actions(request: PageRequest) -> dict[str, Callable[[list[Post]], Outcome]]:
    """What can be done to several. Raises ``ValueError`` for a move that says nothing."""
    now, mover = utcnow(), _mover(request)
    days, at = _shift(request.POST) if request.POST.get("action") == "move" else (0, None)
    return {
        "move": lambda posts: moving.shift_posts(posts=posts, days=days, clock_time=at, now=now, mover=mover),
        "queue": lambda posts: moving.queue_posts(posts=posts, now=now, mover=mover),
        "cancel": lambda posts: moving.cancel_posts(posts=posts, now=now, mover=mover),
        "retry": lambda posts: moving.retry_posts(posts=posts, now=now, mover=mover),
        "copy": lambda posts: moving.copy_posts(posts=posts, now=now, mover=mover),
        "delete": lambda posts: moving.delete_drafts(posts=posts, mover=mover),
    }


def _shift(given: QueryDict) -> tuple[int, time | None]:
    days = int(str(given.get("days") or 0))
    text = str(given.get("time", ""))
    at = time.fromisoformat(text).replace(tzinfo=None) if text else None
    if (not days and at is None) or abs(days) > 1200:
        raise ValueError(days)
    return days, at


def _moved(request: PageRequest, post: Post) -> Outcome:
    given = request.POST
    try:
        day = date.fromisoformat(given.get("day", ""))
        hour = int(given["hour"]) if given.get("hour") else None
        fence = int(given.get("fence", ""))
    except ValueError:
        raise UnableToChange("Choose a day to move it to.") from None
    if post.scheduled_at is None:
        raise UnableToChange("It has no time yet. Open it and give it one.")
    at = moving.wall_time(organization=request.here.organization, at=post.scheduled_at, day=day, hour=hour)
    return moving.move_post(post=post, scheduled_at=at, now=utcnow(), mover=_mover(request), fence=fence)


def _mover(request: PageRequest) -> Mover:
    return Mover(request.here.by, request.here.may(Permission.PUBLISH))


def _answer(request: PageRequest, outcome: Outcome | None = None) -> HttpResponse:
    """The calendar as it was looked at, as it is now."""
    back = QueryDict(request.POST.get("back", "")[:2000])
    if request.htmx:
        return render(request, "posts/_calendar.html", shown(request, back, outcome))
    if outcome and outcome.refused:
        return render(request, "posts/posts.html", shown(request, back, outcome))
    return redirect(f"{reverse('posts')}?{back.urlencode()}")


def _number(count: int) -> str:
    return f"{count} post" if count == 1 else f"{count} posts"
