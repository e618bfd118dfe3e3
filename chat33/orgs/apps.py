from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "chat33.orgs"
    label = "orgs"
    verbose_name = "Organizations"
