"""Addresses of the pages about posts, the accounts they go to and the files they show."""

from django.urls import path

from posts.views import calendar, causes, channels, export, imports, library, moves, post, slots, upload

urlpatterns = [
    path("posts/", calendar.posts, name="posts"),
    path("posts/move/", moves.move, name="move_post"),
    path("posts/selected/", moves.selected, name="selected_posts"),
    path("posts/undo/", moves.undo, name="undo_posts"),
    path("posts/export/", export.posts_csv, name="export_posts"),
    path("posts/import/", imports.imports, name="imports"),
    path("posts/import/template/", imports.template, name="import_template"),
    path("posts/import/<str:import_id>/", imports.one, name="import"),
    path("posts/import/<str:import_id>/create/", imports.create, name="create_import"),
    path("posts/import/<str:import_id>/cancel/", imports.cancel, name="cancel_import"),
    path("posts/import/<str:import_id>/problems/", imports.problems, name="import_problems"),
    path("channels/", channels.channels, name="channels"),
    path("channels/<str:channel_id>/", channels.channel, name="channel"),
    path("channels/<str:channel_id>/disconnect/", channels.disconnect_channel, name="disconnect_channel"),
    path("channels/<str:channel_id>/slots/", slots.slots, name="slots"),
    path("library/", library.library, name="library"),
    path("library/upload/", upload.upload, name="upload"),
    path("library/picker/", library.picker, name="picker"),
    path("library/tags/", library.tag, name="tag_files"),
    path("library/delete/", library.delete, name="delete_files"),
    path("library/<str:media_id>/", library.media, name="library_file"),
    path("causes/<str:channel_id>/unconfirmed/ask/", causes.reconcile_all, name="reconcile_all"),
    path("causes/<str:channel_id>/<str:kind>/retry/", causes.retry_all, name="retry_all"),
    path("causes/<str:channel_id>/<str:kind>/dismiss/", causes.dismiss, name="dismiss_cause"),
    path("causes/<str:channel_id>/<str:kind>/restore/", causes.restore, name="restore_cause"),
    path("posts/<str:post_id>/", post.post, name="post"),
    path("posts/<str:post_id>/live/", post.live, name="post_live"),
    path("posts/<str:post_id>/retry/", post.retry, name="retry_post"),
    path("posts/<str:post_id>/reconcile/", post.reconcile, name="reconcile_post"),
    path("posts/<str:post_id>/resolve/", post.resolve, name="resolve_post"),
    path("posts/<str:post_id>/publish/", post.publish, name="publish_post"),
    path("posts/<str:post_id>/cancel/", post.cancel, name="cancel_post"),
    path("posts/<str:post_id>/delete/", post.delete, name="delete_post"),
    path("posts/<str:post_id>/duplicate/", post.duplicate, name="duplicate_post"),
]
