import sys

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "chat33.dashboard"
    label = "dashboard"
    verbose_name = "Dashboard"

    def ready(self) -> None:
        from celery import signals

        import chat33.celery  # noqa: F401  # every process that runs Django can ring for a worker
        from chat33 import checks
        from chat33.dashboard import incidents, post_results, receivers
        from posts.signals import post_failed
        from tracking.models import Axis
        from tracking.results.figures import LABELLERS

        checks.register()
        LABELLERS[Axis.POST] = post_results.post_labels
        post_failed.connect(incidents.note_failed_post)
        signals.worker_init.connect(receivers.worker_began, weak=False)
        signals.task_prerun.connect(receivers.worker_took, weak=False)
        if "beat" in sys.argv:
            signals.before_task_publish.connect(receivers.beat_sent, weak=False)
