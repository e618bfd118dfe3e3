"""X: its publishing API."""

from datetime import datetime
from typing import ClassVar

from integrations.providers.base import Account, Credentials, Next, Provider, Verdict, Work
from integrations.providers.rules import PlatformRules, TextRule


class X(Provider):
    """The adapter."""

    platform: ClassVar[str] = "x"
    hosts = {"api": "https://api.x.com"}
    version = ""
    rules: ClassVar[PlatformRules] = PlatformRules(
        platform="x",
        text=TextRule(limit=2200),
        text_only=True,
        types={},
        cover=None,
        options={},
        daily_limit=25,
    )

    def advance(self, work: Work) -> Next:
        """Being written."""
        raise NotImplementedError

    def reconcile(self, work: Work) -> Verdict:
        """Being written."""
        raise NotImplementedError

    def refresh(self, account: Account, *, now: datetime) -> Credentials:
        """Being written."""
        raise NotImplementedError
