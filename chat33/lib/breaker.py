"""Leaving a service alone for a while after it failed, so that waiting for it is paid once and not by every request."""

import threading
import time
from collections.abc import Callable


class Breaker:
    """Asked before each use, told how it went. After a failure it refuses for ``pause`` seconds; then one caller may
    probe while the others are still refused. Threads may share it.
    """

    def __init__(self, *, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` tells seconds that never go back."""
        self._pause = pause
        self._clock = clock
        self._broken = False
        self._refuses_until = 0.0
        self._lock = threading.Lock()

    def allows(self) -> bool:
        """Whether the service may be tried now."""
        with self._lock:
            if not self._broken:
                return True
            now = self._clock()
            if now < self._refuses_until:
                return False
            self._refuses_until = now + self._pause  # this caller probes
            return True

    def failed(self) -> None:
        """The use failed: refuse for a while from now."""
        with self._lock:
            self._broken, self._refuses_until = True, self._clock() + self._pause

    def worked(self) -> None:
        """The use went well."""
        with self._lock:
            self._broken = False
