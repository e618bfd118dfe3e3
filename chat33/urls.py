"""Every address of Chat33, joined in one place."""

from django.contrib import admin
from django.urls import include, path, re_path

from chat33.api import errors
from chat33.dashboard import developers, sandbox_desk, viewing
from posts.views.files import media_file

urlpatterns = [
    path("api/v1/openapi.json", developers.openapi, name="openapi"),
    path("api/v1/", include("posts.api.v1.urls")),
    path("api/v1/", include("tracking.api.v1.urls")),
    path("api/v1/", include("integrations.urls")),
    path("api/v1/", include("contacts.api.v1.urls")),
    re_path(r"^api/", errors.not_found),
    path("media/<str:token>/<str:name>", media_file, name="media"),
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("llms.txt", developers.llms, name="llms"),
    path("developers/api/", developers.explorer, name="explorer"),
    path("", include("integrations.page_urls")),
    path("", include("posts.urls")),
    path("view-as/stop/", viewing.stop, name="stop_viewing"),
    path("", include("tracking.urls")),
    path("", include("contacts.urls")),
    path("", include("chat33.dashboard.urls")),
    path("admin/sandbox/", admin.site.admin_view(sandbox_desk.sandbox), name="operators_sandbox"),
    path("admin/view-as/<str:organization_id>/", admin.site.admin_view(viewing.start), name="view_as"),
    path("admin/", admin.site.urls),
]

handler400 = "chat33.dashboard.views.bad_request"
handler403 = "chat33.dashboard.views.refused"
handler404 = "chat33.dashboard.views.not_found"
handler500 = "chat33.dashboard.views.server_error"
