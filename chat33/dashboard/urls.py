"""The dashboard's pages, and the doors of those who watch the installation."""

from django.urls import include, path

from chat33.dashboard import health, home, metrics, post_results, search, views
from chat33.dashboard.developing import callbacks, keys, reference, requests, start

urlpatterns = [
    path("", home.home, name="home"),
    path("home/sending/", home.sending, name="home_sending"),
    path("home/setup/dismiss/", home.dismiss_setup, name="dismiss_setup"),
    path("notices/", home.notices, name="notices"),
    path("notices/seen/", home.notices_seen, name="notices_seen"),
    path("", include("chat33.dashboard.people.urls")),
    path("tracking/posts/<str:post_id>/", post_results.post_results, name="post_results"),
    path("ui/", views.gallery, name="gallery"),
    path("search/", search.search, name="search"),
    path("settings/keys/", keys.keys, name="keys"),
    path("settings/keys/new/", keys.new_key, name="new_key"),
    path("settings/keys/<str:key_id>/revoke/", keys.revoke_key, name="revoke_key"),
    path("developers/", start.developers, name="developers"),
    path("developers/reference/", reference.overview, name="reference"),
    path("developers/reference/errors/", reference.errors, name="reference_errors"),
    path("developers/reference/<slug:slug>.md", reference.as_text, name="reference_text"),
    path("developers/reference/<slug:slug>/", reference.operation, name="reference_page"),
    path("developers/requests/", requests.requests, name="requests"),
    path("developers/requests/<str:call_id>/", requests.request_details, name="request"),
    path("developers/callbacks/", callbacks.callbacks, name="callbacks"),
    path("developers/callbacks/test/", callbacks.test_callback, name="test_callback"),
    path("developers/callbacks/signing/", callbacks.signing, name="signing"),
    path("developers/callbacks/signing/reveal/", callbacks.reveal, name="reveal_secret"),
    path("developers/callbacks/signing/rotate/", callbacks.rotate, name="rotate_secret"),
    path("developers/callbacks/<str:callback_id>/", callbacks.callback, name="callback_delivery"),
    path("developers/callbacks/<str:callback_id>/replay/", callbacks.replay, name="replay_callback"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.exposition, name="metrics"),
]
