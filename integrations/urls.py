"""Addresses of keys and callbacks, below /api/v1/."""

from django.urls import path

from integrations.api.v1 import callbacks, keys

urlpatterns = [
    path("api-keys", keys.ApiKeysView.as_view()),
    path("api-keys/<str:key_id>", keys.ApiKeyView.as_view()),
    path("callbacks", callbacks.CallbacksView.as_view()),
    path("callbacks/<str:callback_id>", callbacks.CallbackView.as_view()),
    path("callbacks/<str:callback_id>/resend", callbacks.ResendView.as_view()),
]
