"""What came back, as a Django app."""

from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from chat33.orgs.models import Organization
        from contacts.signals import contact_appeared
        from tracking import rules, settling
        from tracking.postbacks import reading

        post_save.connect(rules.give_default_rules, sender=Organization)
        contact_appeared.connect(settling.revisit)
        contact_appeared.connect(reading.match_waiting)
