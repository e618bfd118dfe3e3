"""Addresses of keys and callbacks, below /api/v1/."""

from django.urls import path

from integrations.api.v1 import callbacks, keys

urlpatterns = [
    path("api-keys", keys.ApiKeysView.as_view(), name="api-keys"),
    path("api-keys/<str:key_id>", keys.ApiKeyView.as_view(), name="api-key"),
    path("callbacks", callbacks.CallbacksView.as_view(), name="callbacks"),
    path("callbacks/<str:callback_id>", callbacks.CallbackView.as_view(), name="callback"),
    path("callbacks/<str:callback_id>/resend", callbacks.ResendView.as_view(), name="callback-resend"),
]
