"""The addresses of links, below /api/v1/."""

from django.urls import path

from tracking.api.v1 import builders, links

urlpatterns = [
    path("links", links.LinksView.as_view()),
    path("links/wrap", builders.WrapView.as_view()),
    path("links/utm", builders.UtmView.as_view()),
    path("links/store", builders.StoreView.as_view()),
    path("links/<str:link_id>", links.LinkView.as_view()),
    path("links/<str:link_id>/stats", links.StatsView.as_view()),
    path("links/<str:link_id>/qr.svg", links.QrView.as_view()),
]
