"""Addresses of keys and callbacks, below /api/v1/."""

from django.urls import path

from integrations.api import v1

urlpatterns = [
    path("api-keys", v1.ApiKeysView.as_view(), name="api-keys"),
    path("api-keys/<str:key_id>", v1.ApiKeyView.as_view(), name="api-key"),
    path("callbacks", v1.CallbacksView.as_view(), name="callbacks"),
    path("callbacks/<str:callback_id>", v1.CallbackView.as_view(), name="callback"),
    path("callbacks/<str:callback_id>/resend", v1.ResendView.as_view(), name="callback-resend"),
]
