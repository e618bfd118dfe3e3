"""Addresses of the pages on which accounts are connected."""

from django.urls import path

from integrations.views import connecting

urlpatterns = [
    path("channels/connect/", connecting.choose, name="connect"),
    path("channels/connect/<str:platform>/", connecting.connect_channel, name="connect_channel"),
    path("channels/callback/<str:platform>/", connecting.connect_return, name="connect_return"),
    path("channels/connecting/<str:attempt_id>/", connecting.connecting_page, name="connecting"),
]
