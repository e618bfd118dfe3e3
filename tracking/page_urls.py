"""Addresses of the pages about what came back."""

from django.urls import path

from tracking.views import rules

urlpatterns = [
    path("contacts/rules/", rules.rules, name="rules"),
    path("contacts/rules/<str:rule_id>/delete/", rules.delete_rule, name="delete_rule"),
]
