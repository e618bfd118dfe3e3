"""The page of one post: what it says, where it stands and why, and what can be done about it."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST, require_safe

from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import Undo, say
from posts import attention, moving, services, story, today
from posts.models import Post, PostStatus
from posts.moving import Mover
from posts.offers import needed, offers
from posts.preflight import settled_options, settled_text
from posts.selectors import latest_review, log_of, posts_for
from posts.services import ChangedMeanwhile, UnableToChange
from posts.shown import account_url, files_of

PUBLISH = "posts.publish_due_posts"


def post_here(request: PageRequest, post_id: str) -> Post:
    """The organization's post of this id. Raises ``Http404``."""
    if not is_id(post_id, "post"):
        raise Http404
    rows = posts_for(request.here.organization).select_related("channel", "organization")
    return get_object_or_404(rows, public_id=post_id)


@door(Permission.READ)
@require_safe
def post(request: PageRequest, post_id: str) -> HttpResponse:
    """``/posts/<id>/``."""
    found = post_here(request, post_id)
    platform = found.channel.platform
    options = {_words(name): value for name, value in settled_options(found.platform_config, platform).items()}
    context = {
        **_living(request, found),
        "text": settled_text(found.platform_config, platform, found.text or ""),
        "files": files_of(found),
        "first_comment": options.pop("First comment", ""),
        "options": options,
        "siblings": [(other, story.standing(other, now=utcnow())) for other in story.siblings(found)],
        "callbacks": list(story.callbacks(found)),
        "review": latest_review(found) if found.status == PostStatus.DRAFT else None,
    }
    return render(request, "posts/post.html", context)


@door(Permission.READ)
@require_safe
def live(request: PageRequest, post_id: str) -> HttpResponse:
    """The part of the page that moves while the post does."""
    return render(request, "posts/_post_live.html", {**_living(request, post_here(request, post_id)), "oob": True})


@door(Permission.PUBLISH)
@require_POST
def retry(request: PageRequest, post_id: str) -> HttpResponse:
    """Queue a failed post again."""

    def change(found: Post) -> None:
        services.retry_post(post=found, now=utcnow(), by=request.here.by)

    return _done(request, post_id, change, "It goes out again in a moment.")


@door(Permission.PUBLISH)
@require_POST
def reconcile(request: PageRequest, post_id: str) -> HttpResponse:
    """Ask the network again whether the post is out."""

    def change(found: Post) -> None:
        services.reconcile_post(post=found, now=utcnow(), by=request.here.by)

    return _done(request, post_id, change, "The account is being read. Nothing is sent.")


@door(Permission.PUBLISH)
@require_POST
def resolve(request: PageRequest, post_id: str) -> HttpResponse:
    """Take the person's word: it is out, or it is not."""
    out = request.POST.get("as") == "published"

    def change(found: Post) -> None:
        services.resolve_post(post=found, outcome="published" if out else "failed", now=utcnow(), by=request.here.by)

    said = "Marked as published." if out else "Marked as not published. Retry it when you are ready."
    return _done(request, post_id, change, said)


@door(Permission.PUBLISH)
@require_POST
def publish(request: PageRequest, post_id: str) -> HttpResponse:
    """Send a scheduled post now."""

    def change(found: Post) -> None:
        moving.publish_now(post=found, now=utcnow())

    return _done(request, post_id, change, "It goes out now.")


@door(Permission.PUBLISH)
@require_POST
def cancel(request: PageRequest, post_id: str) -> HttpResponse:
    """Stop a post; a few seconds are left to take that back."""
    mover = Mover(request.here.by, request.here.may(Permission.PUBLISH))
    outcome = moving.cancel_posts(posts=[post_here(request, post_id)], now=utcnow(), mover=mover)
    for refusal in outcome.refused:
        say(request, refusal.reason, kind="warn")
    if outcome.done:
        undo = Undo(reverse("undo_posts"), outcome.undo) if outcome.undo else None
        say(request, "Cancelled. It does not go out.", undo=undo)
    return redirect("post", post_id=post_id)


@door(Permission.WRITE)
@require_POST
def delete(request: PageRequest, post_id: str) -> HttpResponse:
    """Forget a draft."""
    mover = Mover(request.here.by, request.here.may(Permission.PUBLISH))
    outcome = moving.delete_drafts(posts=[post_here(request, post_id)], mover=mover)
    if outcome.refused:
        say(request, outcome.refused[0].reason, kind="warn")
        return redirect("post", post_id=post_id)
    say(request, "The draft is deleted.")
    return redirect(_address("posts") or "home")


@door(Permission.WRITE)
@require_POST
def duplicate(request: PageRequest, post_id: str) -> HttpResponse:
    """A draft of the same, to change and send."""
    mover = Mover(request.here.by, request.here.may(Permission.PUBLISH))
    [copy] = moving.copy_posts(posts=[post_here(request, post_id)], now=utcnow(), mover=mover).done
    say(request, "This is a copy, as a draft. Change it and schedule it.")
    return redirect(_address("edit_post", copy.public_id) or reverse("post", args=[copy.public_id]))


def _living(request: PageRequest, found: Post) -> dict[str, Any]:
    """Where the post stands, its log, and what may be done by whom is here. The log's names cost two queries."""
    now = utcnow()
    entries = list(log_of(found))
    names = story.names(request.here.organization, story.people_of(found, entries))
    return {
        "post": found,
        "standing": story.standing(found, now=now),
        "moving": today.is_moving(found, now=now),
        "log": story.told(found, entries, names)[::-1],
        "author": names.get(found.created_by, "somebody who is not here any more"),
        "may": {str(offer) for offer in offers(found) if request.here.may(needed(offer, found))},
        "handle": attention.handle(found.channel),
        "kind": attention.kind_of(found.error_code) if found.error_code else "",
        "account_url": account_url(found.channel),
        "reconnect": not found.channel.is_active and request.here.may(Permission.CONNECT),
    }


def _done(request: PageRequest, post_id: str, change: Callable[[Post], None], said: str) -> HttpResponse:
    """Do it, ring for a worker, and back to the page, which tells what came of it."""
    try:
        change(post_here(request, post_id))
    except UnableToChange as error:
        say(request, str(error), kind="warn")
    except ChangedMeanwhile:
        say(request, "Somebody else has just changed this post. Look at it again.", kind="warn")
    else:
        ring_on_commit(PUBLISH)
        say(request, said)
    return redirect("post", post_id=post_id)


def _address(name: str, *arguments: str) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def _words(name: str) -> str:
    """``firstComment`` as a person reads it: First comment."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced[:1].upper() + spaced[1:]
