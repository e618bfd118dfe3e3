"""``/accounts``, with each channel's allowance, and ``/platforms``, the rules of the networks."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api.schema import Operation
from chat33.api.views import ApiView
from chat33.lib.clock import stamp, utcnow
from integrations.auth import caller
from integrations.models import Channel, Platform
from integrations.providers.registry import PROVIDERS
from integrations.providers.rules import FileRule, PlatformRules
from integrations.selectors import channels_for
from posts.allowance import Allowance, allowances, daily_limit
from posts.api.v1 import docs


class AccountsView(ApiView):
    """Connected channels."""

    scopes: ClassVar[dict[str, str]] = {"GET": "accounts:read"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LIST_ACCOUNTS}

    def get(self, request: Request) -> Response:
        """All active channels of the organization, of one platform if asked."""
        channels = channels_for(caller(request).organization).filter(is_active=True)
        channels = channels.select_related("organization__package")
        platform = request.query_params.get("platform")
        if platform:
            if platform not in Platform.values:
                raise ValidationError({"platform": [f"Use one of {', '.join(Platform.values)}."]})
            channels = channels.filter(platform=platform)
        now = utcnow()
        rows = list(channels)
        stands = allowances(channels=rows, now=now)
        return Response({"items": [account_body(channel, stands[channel.pk], now) for channel in rows]})


class PlatformsView(ApiView):
    """What each network accepts."""

    scopes: ClassVar[dict[str, str]] = {"GET": "accounts:read"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LIST_PLATFORMS}

    def get(self, request: Request) -> Response:
        """The rules that ``validate`` applies, by network and media type."""
        overrides = caller(request).overrides
        items = []
        for platform, provider in PROVIDERS.items():
            limit = daily_limit(platform=platform, overrides=overrides, quota=None)
            items.append(rules_body(provider.rules, limit))
        return Response({"items": items})


def account_body(channel: Channel, state: Allowance, now: datetime) -> dict[str, Any]:
    """An ``Account``, its allowance and health in ``metadata``."""
    return {
        "id": channel.public_id,
        "platform": channel.platform,
        "name": channel.name,
        "username": channel.username or None,
        "isActive": channel.is_active,
        "metadata": {
            **channel.metadata,
            "sandbox": channel.is_sandbox,
            "quota": {
                "limit": state.limit,
                "used": state.used,
                "remaining": state.remaining,
                "windowHours": 24,
                "nextFreeAt": stamp(state.frees_at),
            },
            "health": {
                "tokenExpiresAt": stamp(channel.token_expires_at),
                "scopes": channel.scopes,
                "lastError": channel.last_error or None,
                "lastErrorAt": stamp(channel.last_error_at),
            },
        },
        "createdAt": stamp(channel.created_at),
    }


def rules_body(rules: PlatformRules, limit: int | None) -> dict[str, Any]:
    """A network's rules for machines: sizes in bytes, lengths in seconds, edges in pixels, ratio = width / height."""
    return {
        "platform": rules.platform,
        "dailyLimit": limit,
        "text": {
            "limit": rules.text.limit,
            "unit": rules.text.unit,
            "required": rules.text.required,
            "maxHashtags": rules.text.max_hashtags,
            "maxMentions": rules.text.max_mentions,
            "forbiddenCharacters": rules.text.forbidden,
            "withoutMedia": rules.text_only,
        },
        "mediaTypes": {
            name: {
                "minFiles": rule.min_files,
                "maxFiles": rule.max_files,
                "mixed": rule.mixed,
                "files": {kind: file_rule_body(file) for kind, file in rule.files.items()},
            }
            for name, rule in rules.types.items()
        },
        "coverImage": file_rule_body(rules.cover) if rules.cover else None,
        "platformConfig": rules.options,
        "notes": list(rules.notes),
    }


def file_rule_body(rule: FileRule) -> dict[str, Any]:
    """A file's rule in camelCase."""
    names = {name: _camel(name) for name in asdict(rule)}
    return {names[name]: list(value) if isinstance(value, tuple) else value for name, value in asdict(rule).items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
