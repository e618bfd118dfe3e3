"""The posting API's addresses, below /api/v1/."""

from django.urls import path

from posts.api.v1 import accounts, media, posts

urlpatterns = [
    path("accounts", accounts.AccountsView.as_view()),
    path("platforms", accounts.PlatformsView.as_view()),
    path("posts", posts.PostsView.as_view()),
    path("posts/validate", posts.ValidateView.as_view()),
    path("posts/<str:post_id>", posts.PostView.as_view()),
    path("posts/<str:post_id>/duplicate", posts.DuplicateView.as_view()),
    path("posts/<str:post_id>/logs", posts.LogsView.as_view()),
    path("posts/<str:post_id>/retry", posts.RetryView.as_view()),
    path("posts/<str:post_id>/reconcile", posts.ReconcileView.as_view()),
    path("posts/<str:post_id>/resolve", posts.ResolveView.as_view()),
    path("media/upload", media.UploadView.as_view()),
]
