"""The composer: its page, and the doors it asks while one writes. The rules are below; this only translates."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.views.decorators.http import require_POST, require_safe

from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.logs import current_request_id
from chat33.orgs.models import Membership
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door, refused
from chat33.pages.saying import say
from chat33.pages.templatetags.pages import zone_word
from posts.composing import Composition, Piece
from posts.desk import Answers, answers, desk
from posts.drafts import NotPermitted, Opened, Timing, accounts_of, opened, said_before, save_composition, seen_now
from posts.media import media_url
from posts.models import Media, Post, PostStatus, Review, post_id
from posts.reviews import ask_for_approval, is_changed
from posts.schedule import NotATime, moment
from posts.selectors import open_reviews_of, posts_for
from posts.services import ChangedMeanwhile, UnableToChange
from posts.slots import NoSlots
from posts.written import Written, read_seen, read_written, sealed

PUBLISH = "posts.publish_due_posts"
CHANGED = "This was changed meanwhile, in another tab or by somebody else."


@door(Permission.WRITE)
@require_safe
def compose(request: PageRequest) -> HttpResponseBase:
    """A new composition: ``?at=`` a time, ``?media=`` the id of a file, ``?account=`` that of an account."""
    now, organization = utcnow(), request.here.organization
    timing = Timing(timezone=organization.timezone)
    if request.GET.get("at"):
        with suppress(NotATime):
            found = moment(request.GET["at"][:40], organization.timezone, now=now)
            timing = replace(timing, when="at", at=found.at)
    ids = [given for given in request.GET.getlist("media")[:35] if is_id(given, "media")]
    files = Media.objects.filter(organization=organization, public_id__in=ids, variant_of=None)
    channels = accounts_of(organization, request.GET.getlist("account")[:10])
    composition = Composition(
        channels=tuple(channels),
        media=tuple(Piece(url=media_url(media), alt=media.alt_text) for media in files.order_by("id")),
    )
    written = Written(composition=composition, timing=timing, issues=(), seen={}, first_id="")
    return _page(request, written, None, now, key=sealed(post_id()))


@door(Permission.WRITE)
@require_safe
def edit(request: PageRequest, post_id: str) -> HttpResponseBase:
    """The composition that a post belongs to."""
    post, now = _post(request, post_id), utcnow()
    try:
        found = opened(post)
    except UnableToChange as error:
        say(request, str(error), kind="warn")
        return redirect("post", post_id)
    if not found.is_draft and not request.here.may(Permission.PUBLISH):
        return refused(request, Permission.PUBLISH)
    written = Written(composition=found.composition, timing=found.timing, issues=(), seen=found.seen, first_id="")
    return _page(request, written, found, now, key="")


@door(Permission.WRITE)
@require_POST
def check(request: PageRequest) -> HttpResponse:
    """What is to be said of the form as it stands, as fragments."""
    now = utcnow()
    written = _written(request, now)
    said = answers(organization=request.here.organization, written=written, now=now, own=list(written.seen))
    return render(request, "posts/_answers.html", {"answers": said, "zone": request.here.organization.timezone})


@door(Permission.WRITE)
@require_POST
def save(request: PageRequest) -> HttpResponse:
    """Keep the draft as it stands, faults and all."""
    now = utcnow()
    return _told(request, lambda: _saved(request, _written(request, now), PostStatus.DRAFT, now, drafts_only=True))


@door(Permission.WRITE)
@require_POST
def send(request: PageRequest) -> HttpResponse:
    """The person is done: ``publish`` queues it, ``ask`` asks for approval, ``draft`` takes it out of the queue."""
    now = utcnow()
    action = request.POST.get("action", "")
    if action not in ("publish", "ask", "draft"):
        raise Http404
    if action == "publish" and not request.here.may(Permission.PUBLISH):
        return refused(request, Permission.PUBLISH)
    written = _written(request, now)
    said = answers(organization=request.here.organization, written=written, now=now, look=True, own=list(written.seen))
    if action != "draft" and not said.findings.ok:
        return _faults(request, said)
    if action == "publish":
        return _told(request, lambda: _queued(request, written, now))
    if action == "ask":
        return _told(request, lambda: _asked(request, written, now))
    return _told(request, lambda: _kept(request, written, now))


def _post(request: PageRequest, post_id: str) -> Post:
    if not is_id(post_id, "post"):
        raise Http404
    posts = posts_for(request.here.organization).select_related("organization", "channel__organization__package")
    return get_object_or_404(posts, public_id=post_id)


def _written(request: PageRequest, now: datetime) -> Written:
    organization, seen = request.here.organization, read_seen(request.POST)
    base = said_before(organization, list(seen)) if seen else None
    written = read_written(request.POST, organization=organization, base=base, now=now)
    if request.POST.get("force") and seen:
        return replace(written, seen=seen_now(organization, list(seen)))
    return written


def _page(request: PageRequest, written: Written, found: Opened | None, now: datetime, *, key: str) -> HttpResponse:
    organization = request.here.organization
    posts = found.posts if found else ()
    reviews = open_reviews_of(posts) if posts else []
    last = (
        Review.objects.filter(post__in=posts, verdict="declined").select_related("decided_by").order_by("-id").first()
    )
    context = {
        "desk": desk(organization=organization, written=written, now=now, own=list(written.seen)),
        "seen": [f"{post_id}:{fence}" for post_id, fence in written.seen.items()],
        "key": key,
        "post": posts[0] if posts else None,
        "apart": found.apart if found else (),
        "is_draft": found is None or found.is_draft,
        "may_publish": request.here.may(Permission.PUBLISH),
        "review": reviews[0] if reviews else None,
        "review_changed": any(is_changed(review, review.post) for review in reviews),
        "declined": last if last and not reviews else None,
        "zone": organization.timezone,
    }
    return render(request, "posts/compose.html", context)


def _membership(request: PageRequest) -> Membership:
    return cast(Membership, request.here.membership)  # who writes is a member: an operator who looks on may not


def _saved(
    request: PageRequest,
    written: Written,
    status: PostStatus,
    now: datetime,
    *,
    drafts_only: bool = False,
    takes_slots: bool = False,
) -> dict[str, Any]:
    posts = save_composition(
        membership=_membership(request), composition=written.composition, timing=written.timing, status=status,
        seen=written.seen, first_id=written.first_id, drafts_only=drafts_only, takes_slots=takes_slots, now=now,
        request_id=current_request_id(),
    )  # fmt: skip
    return {
        "seen": [f"{post.public_id}:{post.fence}" for post in posts],
        "edit": reverse("edit_post", args=[posts[0].public_id]),
        "saved": f"{timezone.localtime(now):%H:%M}",
        "posts": posts,
    }


def _queued(request: PageRequest, written: Written, now: datetime) -> dict[str, Any]:
    with transaction.atomic():
        told = _saved(request, written, PostStatus.QUEUED, now)
        ring_on_commit(PUBLISH)
    accounts = _accounts(told["posts"])
    times = {post.scheduled_at for post in told["posts"]}
    if len(times) > 1:
        say(request, f"Scheduled on {accounts}, each at its own time.")
    elif at := times.pop():
        say(request, f"Scheduled on {accounts} for {_words(at)}.")
    else:
        say(request, f"Being published on {accounts}.")
    return {**told, "go": reverse("posts")}


def _asked(request: PageRequest, written: Written, now: datetime) -> dict[str, Any]:
    with transaction.atomic():
        told = _saved(request, written, PostStatus.DRAFT, now, drafts_only=True, takes_slots=True)
        note = request.POST.get("note", "").replace("\x00", "")
        ask_for_approval(membership=_membership(request), posts=told["posts"], note=note, now=now)
    say(request, "Approval is asked for. It goes out when somebody who may publish says yes.")
    return {**told, "go": reverse("reviews")}


def _kept(request: PageRequest, written: Written, now: datetime) -> dict[str, Any]:
    told = _saved(request, written, PostStatus.DRAFT, now)
    say(request, "It is a draft again, and goes nowhere until you schedule it.")
    return {**told, "go": told["edit"]}


def _told(request: PageRequest, act: Callable[[], dict[str, Any]]) -> HttpResponse:
    """What came of it, for the composer's element."""
    try:
        told = act()
    except ChangedMeanwhile:
        return JsonResponse({"message": CHANGED, "overwrite": True}, status=409)
    except (UnableToChange, NoSlots) as error:
        return JsonResponse({"message": str(error), "overwrite": False}, status=409)
    except NotPermitted as error:
        response = refused(request, Permission.PUBLISH)
        response["X-Says"] = str(error)
        return response
    told.pop("posts")
    return JsonResponse(told)


def _faults(request: PageRequest, said: Answers) -> HttpResponse:
    first = said.findings.first
    html = render_to_string(
        "posts/_answers.html", {"answers": said, "zone": request.here.organization.timezone}, request
    )
    return JsonResponse({"html": html, "path": first.path if first else ""}, status=422)


def _accounts(posts: list[Post]) -> str:
    return str(posts[0].channel) if len(posts) == 1 else f"{len(posts)} accounts"


def _words(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{format_date(local, 'D j M Y, H:i')} {zone_word(local)}"
