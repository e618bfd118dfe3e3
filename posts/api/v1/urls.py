"""The posting API's addresses, below /api/v1/."""

from django.urls import path

from posts.api.v1 import accounts, media, posts

urlpatterns = [
    path("accounts", accounts.AccountsView.as_view(), name="accounts"),
    path("platforms", accounts.PlatformsView.as_view(), name="platforms"),
    path("posts", posts.PostsView.as_view(), name="posts"),
    path("posts/validate", posts.ValidateView.as_view(), name="posts-validate"),
    path("posts/<str:post_id>", posts.PostView.as_view(), name="post"),
    path("posts/<str:post_id>/duplicate", posts.DuplicateView.as_view(), name="post-duplicate"),
    path("posts/<str:post_id>/logs", posts.LogsView.as_view(), name="post-logs"),
    path("posts/<str:post_id>/retry", posts.RetryView.as_view(), name="post-retry"),
    path("posts/<str:post_id>/reconcile", posts.ReconcileView.as_view(), name="post-reconcile"),
    path("posts/<str:post_id>/resolve", posts.ResolveView.as_view(), name="post-resolve"),
    path("media/upload", media.UploadView.as_view(), name="media-upload"),
]
