"""The naive API: DRF's ModelSerializer over the same rows, with no key to check, no limit to keep and no rule to apply.

Not as naive as it could be: it joins the channel instead of reading one for each row.
"""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import generics, pagination, serializers

from integrations.models import Channel
from posts.models import Post


class ChannelSerializer(serializers.ModelSerializer[Channel]):
    class Meta:
        model = Channel
        fields = ("public_id", "platform", "name")


class PostSerializer(serializers.ModelSerializer[Post]):
    channel = ChannelSerializer(read_only=True)
    channel_id = serializers.IntegerField(write_only=True)
    organization_id = serializers.IntegerField(write_only=True)

    class Meta:
        model = Post
        exclude = ("organization",)


class Pages(pagination.PageNumberPagination):
    page_size = 20
    page_size_query_param = "limit"


class Open(generics.GenericAPIView[Post]):
    authentication_classes = ()
    permission_classes = ()
    serializer_class = PostSerializer
    pagination_class = Pages
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Post]:
        """The organization's, as the address says."""
        rows = Post.objects.filter(organization_id=self.kwargs["organization"])
        wanted: dict[str, Any] = {name: value for name, value in self.request.GET.items() if name in ("status",)}
        if "platform" in self.request.GET:
            wanted["channel__platform"] = self.request.GET["platform"]
        if "channelId" in self.request.GET:
            wanted["channel__public_id"] = self.request.GET["channelId"]
        return rows.filter(**wanted).select_related("channel").order_by("-id")


class Posts(Open, generics.ListCreateAPIView[Post]):
    """List and create."""


class OnePost(Open, generics.RetrieveAPIView[Post]):
    """Get."""


urlpatterns = [
    path("<int:organization>/posts", Posts.as_view()),
    path("<int:organization>/posts/<str:public_id>", OnePost.as_view()),
]
