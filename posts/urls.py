"""Addresses of the pages about posts, the accounts they go to and the files they show."""

from django.urls import path

from posts.views import channels, library, upload

urlpatterns = [
    path("channels/", channels.channels, name="channels"),
    path("channels/<str:channel_id>/", channels.channel, name="channel"),
    path("channels/<str:channel_id>/disconnect/", channels.disconnect_channel, name="disconnect_channel"),
    path("library/", library.library, name="library"),
    path("library/upload/", upload.upload, name="upload"),
    path("library/picker/", library.picker, name="picker"),
    path("library/tags/", library.tag, name="tag_files"),
    path("library/delete/", library.delete, name="delete_files"),
    path("library/<str:media_id>/", library.media, name="library_file"),
]
