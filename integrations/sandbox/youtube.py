"""YouTube's HTTP API, as far as publishing needs it: www.googleapis.com, www.youtube.com, and Google's OAuth."""

from integrations.sandbox import youtube_oauth, youtube_uploads
from integrations.sandbox.core import Endpoint, Network, Sandbox
from integrations.sandbox.youtube_uploads import Uploads
from integrations.sandbox.youtube_videos import Videos
from integrations.sandbox.youtube_wire import answering, fault


def network(sandbox: Sandbox) -> Network:
    """The router."""
    uploads, videos = Uploads(sandbox), Videos(sandbox)

    routes = (
        ("POST", "/www/upload/youtube/v3/videos", uploads.open, "prepare"),
        ("PUT", "/www/upload/youtube/v3/videos", uploads.put, youtube_uploads.step_of),
        ("POST", "/www/upload/youtube/v3/thumbnails/set", uploads.set_thumbnail, "confirm"),
        ("GET", "/www/youtube/v3/videos", videos.list_videos, "confirm"),
        ("DELETE", "/www/youtube/v3/videos", videos.delete_video, "delete"),
        ("GET", "/www/youtube/v3/channels", videos.list_channels, "confirm"),
        ("GET", "/www/youtube/v3/playlistItems", videos.list_playlist_items, "confirm"),
        ("POST", "/www/youtube/v3/commentThreads", videos.insert_comment, "comment"),
        ("GET", "/watch/watch", videos.watch, "page"),
    )
    return Network(
        platform="youtube",
        endpoints=(
            *youtube_oauth.endpoints(sandbox),
            *(Endpoint(method, path, answering(handler), step=step) for method, path, handler, step in routes),
        ),
        fault=fault,
    )
