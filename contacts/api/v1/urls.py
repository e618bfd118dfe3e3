"""Addresses of contacts, below /api/v1/."""

from django.urls import path

from contacts.api.v1 import contacts

urlpatterns = [
    path("contacts", contacts.ContactsView.as_view()),
    path("contacts/<str:contact_id>", contacts.ContactView.as_view()),
    path("contacts/<str:contact_id>/timeline", contacts.TimelineView.as_view()),
]
