from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "chat33.api"
    label = "api"
    verbose_name = "API"
