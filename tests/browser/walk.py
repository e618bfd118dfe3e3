"""Every page there is to look at: what the walk opens, and ``make screenshots`` takes pictures of.

A room adds its pages here, with the state they should be seen in.
"""

from collections.abc import Callable
from dataclasses import dataclass

from integrations.models import ConnectStage
from tests.browser import accounts, calendar, compositions, integrations, links, results, scenes
from tests.browser import walk_people as people
from tests.contacts import scenes as contacts
from tests.developers.rows import delivered_callback, latest_request, live_in
from tests.library.files import furnish, in_use
from tests.people import Person


@dataclass(frozen=True)
class Stop:
    """One page. ``path`` may ask the owner's rows for an address; ``before`` makes the rows it should show."""

    name: str
    path: str | Callable[[Person], str]
    before: Callable[[Person], object] | None = None
    anonymous: bool = False

    def address(self, owner: Person) -> str:
        """Where it is."""
        return self.path if isinstance(self.path, str) else self.path(owner)


STOPS: list[Stop] = [
    Stop("home", "/", scenes.busy_day),
    Stop("home-empty", "/"),
    Stop("post-failed", scenes.failed_post),
    Stop("post-published", scenes.published_post),
    Stop("post-unsure", scenes.unsure_post),
    Stop("post-draft", scenes.draft),
    Stop("components", "/ui/"),
    Stop("library", "/library/", furnish),
    Stop("library-empty", "/library/"),
    Stop("library-file", lambda owner: f"/library/{in_use(owner).public_id}/", furnish),
    Stop("library-delete", lambda owner: f"/library/delete/?id={in_use(owner).public_id}", furnish),
    Stop("explorer", "/developers/api/"),
    Stop("contacts", "/contacts/", contacts.crowd),
    Stop("contacts-empty", "/contacts/"),
    Stop("contact", contacts.one, contacts.crowd),
    Stop("contact-new", "/contacts/new/"),
    Stop("labels", "/contacts/labels/", contacts.crowd),
    Stop("rules", "/contacts/rules/"),
    Stop("not-found", "/nothing-here/"),
    Stop("compose", "/posts/new/", compositions.compose),
    Stop("compose-draft", compositions.edit_address, compositions.ask),
    Stop("approvals", "/posts/reviews/", compositions.ask),
    Stop("approvals-empty", "/posts/reviews/"),
    Stop("accounts", "/channels/", before=accounts.in_every_condition),
    Stop("accounts-empty", "/channels/"),
    Stop("account", accounts.facebook, before=accounts.in_every_condition),
    Stop("account-disconnect", lambda who: f"{accounts.facebook(who)}disconnect/", before=accounts.in_every_condition),
    Stop("connect", "/channels/connect/"),
    Stop("connect-one", "/channels/connect/youtube/"),
    Stop("connect-picking", accounts.attempt(ConnectStage.PICKING)),
    Stop("connect-other", accounts.attempt(ConnectStage.OTHER)),
    Stop("connect-done", accounts.attempt(ConnectStage.CONNECTED)),
    Stop("connect-cancelled", accounts.attempt(ConnectStage.CANCELLED, "You did not allow Chat33 at Facebook.")),
    Stop("connect-failed", accounts.attempt(ConnectStage.FAILED, "Facebook could not be reached. Connect again.")),
    Stop("developers", "/developers/", live_in),
    Stop("reference", "/developers/reference/"),
    Stop("reference-search", "/developers/reference/?q=callback"),
    Stop("reference-operation", "/developers/reference/create-post/", live_in),
    Stop("reference-webhook", "/developers/reference/post-finished/"),
    Stop("reference-errors", "/developers/reference/errors/"),
    Stop("requests", "/developers/requests/", live_in),
    Stop("requests-empty", "/developers/requests/"),
    Stop("request", latest_request, live_in),
    Stop("callbacks", "/developers/callbacks/", live_in),
    Stop("callbacks-empty", "/developers/callbacks/"),
    Stop("callback", delivered_callback, live_in),
    Stop("callback-test", "/developers/callbacks/test/"),
    Stop("signing", "/developers/callbacks/signing/", live_in),
    Stop("keys", "/settings/keys/", live_in),
    Stop("key-new", "/settings/keys/new/"),
    Stop("posts-month", "/posts/", before=calendar.a_month),
    Stop("posts-week", "/posts/?view=week", before=calendar.a_month),
    Stop("posts-day", "/posts/?view=day", before=calendar.a_month),
    Stop("posts-list", "/posts/?view=list", before=calendar.a_month),
    Stop("posts-empty", "/posts/"),
    Stop("queue-times", lambda owner: f"/channels/{calendar.channel_of(owner)}/slots/", before=calendar.a_month),
    Stop("imports", "/posts/import/", before=calendar.a_file),
    Stop("import", lambda owner: f"/posts/import/{calendar.import_of(owner)}/", before=calendar.a_file),
    Stop("results", "/tracking/", results.a_month),
    Stop("results-revenue", "/tracking/?chart=revenue&period=90", results.a_month),
    Stop("results-empty", "/tracking/"),
    Stop("funnel", "/tracking/funnel/", results.a_month),
    Stop("revenue", "/tracking/revenue/", results.a_month),
    Stop("revenue-links", "/tracking/revenue/?by=link&model=linear&sort=-clicks", results.a_month),
    Stop("revenue-empty", "/tracking/revenue/"),
    Stop("attribution", "/tracking/revenue/window/", results.a_recount),
    Stop("events", "/tracking/events/?name=purchase", results.a_month),
    Stop("events-empty", "/tracking/events/"),
    Stop("events-none", "/tracking/events/?name=nothing&contact=cm1", results.a_month),
    Stop("event", results.a_purchase, results.a_month),
    Stop("live", "/tracking/live/", results.a_month),
    Stop("live-empty", "/tracking/live/"),
    Stop("contact-results", results.a_buyer, results.a_month),
    Stop("links", "/links/", links.a_room),
    Stop("links-empty", "/links/"),
    Stop("link-new", "/links/new/?url=https://shop.example/&utm_source=ig&utm_medium=dm&utm_campaign=may"),
    Stop("link", links.latest, links.a_room),
    Stop("link-edit", lambda owner: f"{links.latest(owner)}edit/", links.a_room),
    Stop("link-wrap", "/links/wrap/?url=https://shop.example/sale&flow=welcome", links.a_room),
    Stop(
        "link-utm", "/links/utm/?url=https://shop.example/&utm_source=ig&utm_medium=dm&utm_campaign=May", links.a_room
    ),
    Stop(
        "link-stores", "/links/stores/?app=1234567890&provider=118326&campaign=may&package=com.example.coffee&source=ig"
    ),
    Stop("link-words", "/links/words/", links.a_room),
    Stop("link-domains", "/links/domains/", links.a_room),
    Stop("integrations", "/settings/integrations/", integrations.in_use),
    Stop("integrations-empty", "/settings/integrations/"),
    Stop("postbacks", "/tracking/postbacks/", integrations.an_inbox),
    Stop("postbacks-empty", "/tracking/postbacks/"),
    Stop("postback", integrations.unreplaced, integrations.an_inbox),
    Stop("postback-test", "/tracking/postbacks/test/"),
    Stop("store-reports", "/tracking/postbacks/stores/", integrations.an_inbox),
    Stop("store-reports-empty", "/tracking/postbacks/stores/"),
    Stop("login", "/accounts/login/", anonymous=True),
    Stop("signup", "/accounts/signup/", anonymous=True),
    Stop("verification-sent", "/accounts/confirm-email/", anonymous=True),
    Stop("confirmation-stale", "/accounts/confirm-email/none/", anonymous=True),
    Stop("password-reset", "/accounts/password/reset/", anonymous=True),
    Stop("password-reset-sent", "/accounts/password/reset/done/", anonymous=True),
    Stop("password-reset-stale", "/accounts/password/reset/key/1-none/", anonymous=True),
    Stop("password-changed", "/accounts/password/reset/key/done/", anonymous=True),
    Stop("account-closed", "/accounts/inactive/", anonymous=True),
    Stop("password-change", "/accounts/password/change/"),
    Stop("email-change", "/accounts/email/"),
    Stop("logout", "/accounts/logout/"),
    Stop("reauthenticate", "/accounts/2fa/totp/activate/"),
    Stop("two-factor", "/accounts/2fa/"),
    Stop("sessions", "/accounts/sessions/"),
    Stop("invitation", people.invitation, anonymous=True),
    Stop("invitation-other", people.invitation),
    Stop("organization-new", "/organizations/new/"),
    Stop("settings", "/settings/"),
    Stop("members", "/settings/members/", before=people.team),
    Stop("member", people.member),
    Stop("invite", "/settings/members/invite/"),
    Stop("profile", "/settings/profile/"),
    Stop("notifications", "/settings/notifications/"),
    Stop("notifications-stop", people.stopping, anonymous=True),
]
