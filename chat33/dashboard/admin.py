"""For operators: the processes of this installation."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.utils.safestring import SafeString

from chat33.dashboard.health import SILENCE
from chat33.dashboard.models import Heartbeat
from chat33.lib.clock import utcnow
from chat33.operators import DANGER, SUCCESS, ReadOnlyAdmin, display, pill

admin.site.index_title = "Overview"
# A person's address is the person's row; their second factors and where they are logged in are nobody else's business.
admin.site.unregister([EmailAddress, Authenticator, UserSession])


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """When each kind of process last did its work."""

    list_display = ["name", "state", "seen_at"]
    fields = ["name", "state", "seen_at"]
    readonly_fields = ["state"]

    @display(description="State")
    def state(self, heartbeat: Heartbeat) -> SafeString:
        """Whether it was heard from lately."""
        word = "working" if utcnow() - heartbeat.seen_at < SILENCE else "silent"
        return pill(word, {"working": SUCCESS, "silent": DANGER})
