"""Addresses of the pages about posts and the accounts they go to."""

from django.urls import path

from posts.views import channels

urlpatterns = [
    path("channels/", channels.channels, name="channels"),
    path("channels/<str:channel_id>/", channels.channel, name="channel"),
    path("channels/<str:channel_id>/disconnect/", channels.disconnect_channel, name="disconnect_channel"),
]
