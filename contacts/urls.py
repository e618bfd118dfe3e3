"""Addresses of the pages about contacts."""

from django.urls import path

from contacts.views import contacts, labels

urlpatterns = [
    path("contacts/", contacts.contacts, name="contacts"),
    path("contacts/new/", contacts.new_contact, name="new_contact"),
    path("contacts/label/", contacts.label_contacts, name="label_contacts"),
    path("contacts/labels/", labels.labels, name="labels"),
    path("contacts/labels/<str:label_id>/", labels.change_label, name="change_label"),
    path("contacts/labels/<str:label_id>/delete/", labels.remove_label, name="delete_label"),
    path("contacts/<str:contact_id>/", contacts.contact, name="contact"),
    path("contacts/<str:contact_id>/delete/", contacts.delete_contact, name="delete_contact"),
]
