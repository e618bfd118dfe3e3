"""For operators: the processes of this installation."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib import admin

from chat33.dashboard.health import SILENCE
from chat33.dashboard.models import Heartbeat
from chat33.lib.clock import utcnow
from chat33.operators import DANGER, SUCCESS, ReadOnlyAdmin, display

admin.site.unregister(EmailAddress)  # a person's address is the person's row


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """When each kind of process last did its work."""

    list_display = ["name", "state", "seen_at"]
    fields = ["name", "state", "seen_at"]
    readonly_fields = ["state"]

    @display(description="State", label={"working": SUCCESS, "silent": DANGER})
    def state(self, heartbeat: Heartbeat) -> str:
        """Whether it was heard from lately."""
        silent = utcnow() - heartbeat.seen_at if heartbeat.seen_at else timedelta.max
        return "working" if silent < SILENCE else "silent"
