"""What beat rings for, and how often: seconds between two rings, or a crontab in UTC.

A ring is a message that expires before the next one: a worker that was away finds one of each kind and not an hour's.
"""

from typing import Any

from celery.schedules import crontab

BEAT: dict[str, dict[str, Any]] = {
    "wake_publishers": {"task": "posts.wake_publishers", "schedule": 1.0, "options": {"expires": 5}},
    "wake_importers": {"task": "posts.wake_importers", "schedule": 2.0, "options": {"expires": 5}},
    "make_thumbnails": {"task": "posts.make_thumbnails", "schedule": 15.0, "options": {"expires": 15}},
    "prune": {"task": "posts.prune", "schedule": crontab(minute="17")},
    "prune_imports": {"task": "posts.prune_imports", "schedule": crontab(minute="27")},
    "wake_settlers": {"task": "tracking.wake_settlers", "schedule": 1.0, "options": {"expires": 5}},
    "wake_readers": {"task": "tracking.wake_readers", "schedule": 1.0, "options": {"expires": 5}},
    "wake_recounters": {"task": "tracking.wake_recounters", "schedule": 2.0, "options": {"expires": 5}},
    "make_months": {"task": "tracking.make_months", "schedule": crontab(minute="7")},
    "recheck_domains": {"task": "tracking.recheck_domains", "schedule": crontab(minute="*/15")},
    "prune_postbacks": {"task": "tracking.prune_postbacks", "schedule": crontab(minute="57")},
    "prune_events": {"task": "tracking.prune", "schedule": crontab(minute="37", hour="3")},
    "wake_callbacks": {"task": "integrations.wake_callbacks", "schedule": 2.0, "options": {"expires": 5}},
    "refresh_tokens": {"task": "integrations.refresh_tokens", "schedule": 60.0, "options": {"expires": 55}},
    "refresh_quotas": {"task": "integrations.refresh_quotas", "schedule": 300.0, "options": {"expires": 290}},
    "prune_requests": {"task": "integrations.prune_requests", "schedule": crontab(minute="*/10")},
    "prune_attempts": {"task": "integrations.prune", "schedule": crontab(minute="27")},
    "wake_senders": {"task": "orgs.wake_senders", "schedule": 2.0, "options": {"expires": 5}},
    "prune_people": {"task": "orgs.prune", "schedule": crontab(minute="37")},
    "notify": {"task": "dashboard.notify", "schedule": 60.0, "options": {"expires": 55}},
    "prune_incidents": {"task": "dashboard.prune", "schedule": crontab(minute="47")},
}
