from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from chat33.orgs.signals import member_changed
        from integrations import receivers

        member_changed.connect(receivers.revoke_keys)
