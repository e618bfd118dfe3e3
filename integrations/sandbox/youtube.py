"""YouTube's HTTP API, as far as publishing needs it: www.googleapis.com, oauth2.googleapis.com, www.youtube.com."""

import secrets

from aiohttp import web

from integrations.sandbox import youtube_uploads
from integrations.sandbox.core import TOKENS, Endpoint, Network, Sandbox
from integrations.sandbox.youtube_uploads import Uploads
from integrations.sandbox.youtube_videos import Videos
from integrations.sandbox.youtube_wire import answering, fault


def network(sandbox: Sandbox) -> Network:
    """The router."""
    uploads, videos = Uploads(sandbox), Videos(sandbox)

    async def token(request: web.Request) -> web.StreamResponse:
        return await _token(sandbox, request)

    routes = (
        ("POST", "/www/upload/youtube/v3/videos", uploads.open, "prepare"),
        ("PUT", "/www/upload/youtube/v3/videos", uploads.put, youtube_uploads.step_of),
        ("POST", "/www/upload/youtube/v3/thumbnails/set", uploads.set_thumbnail, "confirm"),
        ("GET", "/www/youtube/v3/videos", videos.list_videos, "confirm"),
        ("DELETE", "/www/youtube/v3/videos", videos.delete_video, "delete"),
        ("GET", "/www/youtube/v3/channels", videos.list_channels, "confirm"),
        ("GET", "/www/youtube/v3/playlistItems", videos.list_playlist_items, "confirm"),
        ("POST", "/www/youtube/v3/commentThreads", videos.insert_comment, "comment"),
        ("POST", "/oauth/token", token, "refresh"),
        ("GET", "/watch/watch", videos.watch, "page"),
    )
    return Network(
        platform="youtube",
        endpoints=tuple(
            Endpoint(method, path, answering(handler), step=step) for method, path, handler, step in routes
        ),
        fault=fault,
    )


async def _token(sandbox: Sandbox, request: web.Request) -> web.Response:
    """A new access token for a refresh token, which stays as it is.

    Source: Google, "Using OAuth 2.0 for Web Server Applications", refreshing an access token (read 2026-11).
    """
    form = await request.post()
    if form.get("grant_type") != "refresh_token":
        return _refused("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
    if not form.get("client_id") or not form.get("client_secret"):
        return _refused("invalid_client", "The OAuth client was not found.", status=401)
    held = sandbox.store.get("refresh", str(form.get("refresh_token", "")))
    if held is None or held["platform"] != "youtube":
        return _refused("invalid_grant", "Token has been expired or revoked.")
    access, lifetime = f"sbx-youtube-{secrets.token_urlsafe(24)}", TOKENS["youtube"][0] or 0
    owner = {name: held[name] for name in ("platform", "remote_id", "scopes")}
    expires_at = sandbox.timestamp() + lifetime
    sandbox.store.put("token", access, {**owner, "access_token": access, "expires_at": expires_at})
    return web.json_response(
        {"access_token": access, "expires_in": lifetime, "scope": " ".join(held["scopes"]), "token_type": "Bearer"}
    )


def _refused(error: str, description: str, *, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
