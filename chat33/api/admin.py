"""For operators: answers remembered for ``Idempotency-Key``, and uses counted against limits."""

from django.conf import settings
from django.contrib import admin
from unfold.paginator import InfinitePaginator

from chat33.api.models import IdempotencyRecord, LimitUse
from chat33.operators import ReadOnlyAdmin, WordFilter, words_of


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Keyed requests of the last days. Deleting one would let its request happen twice."""

    list_display = ["key", "owner", "status", "leased_until", "created_at"]
    list_filter = ["created_at"]
    paginator = InfinitePaginator
    search_fields = ["=key", "=owner"]
    search_help_text = "The whole key, or the owner's org_…"
    fields = ["owner", "key", "status", "body", "leased_until", "created_at", "fingerprint"]
    ordering = ["-created_at"]


class NameFilter(WordFilter):
    """Uses by limit."""

    title = "limit"
    parameter_name = "limit"
    words = words_of("name", settings.LIMITS)


@admin.register(LimitUse)
class LimitUseAdmin(ReadOnlyAdmin):
    """What the promised limits counted."""

    list_display = ["name", "subject", "used_at"]
    list_filter = [NameFilter]
    paginator = InfinitePaginator
    search_fields = ["=subject"]
    search_help_text = "Whose: org_… or usr_…"
    ordering = ["-id"]
