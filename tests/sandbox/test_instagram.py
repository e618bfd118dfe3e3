"""The sandbox's Instagram, driven by Meta's own SDK and by plain requests: it checks what the real one checks."""

from typing import Any

import pytest
from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.adobjects.iguser import IGUser
from facebook_business.exceptions import FacebookRequestError

from tests.media_files import jpeg, png
from tests.providers.journeys import served
from tests.providers.posting import movie
from tests.sandbox.graph_client import VERSION, api, call, error
from tests.sandboxes import RunningSandbox


class Account:
    """An account of Instagram Login; ``facebook`` gives one of Facebook Login."""

    def __init__(self, sandbox: RunningSandbox, login: str = "instagram", **metadata: Any) -> None:
        given = sandbox.account("instagram", metadata={"login": login, **metadata})
        self.sandbox = sandbox
        self.id, self.token = given["remote_id"], given["access_token"]
        self.host = f"{sandbox.url}/instagram/{'facebook' if login == 'facebook' else 'graph'}"

    def post(self, edge: str, node: str = "", **fields: Any) -> Any:
        return call("POST", f"{self.host}/{VERSION}/{node or self.id}/{edge}", self.token, data=fields)

    def get(self, node: str, edge: str = "", **params: Any) -> Any:
        path = f"{node}/{edge}" if edge else node
        return call("GET", f"{self.host}/{VERSION}/{path}", self.token, params=params)

    def container(self, **fields: Any) -> str:
        return str(self.post("media", **fields).json()["id"])

    def picture(self, **fields: Any) -> str:
        return self.container(image_url=served(self.sandbox, jpeg(320, 320)), **fields)


@pytest.fixture
def account(sandbox: RunningSandbox) -> Account:
    return Account(sandbox)


def test_metas_sdk_publishes_a_picture_reads_it_comments_and_deletes_it(sandbox: RunningSandbox) -> None:
    account = Account(sandbox, "facebook")
    client = api(account.host, account.token)
    user = IGUser(account.id, api=client)
    url = served(sandbox, jpeg(320, 320))
    container = user.create_media(params={"image_url": url, "caption": "By the SDK", "alt_text": "A square"})
    sandbox.advance_clock(1)
    media = user.create_media_publish(params={"creation_id": container["id"]})
    [post] = sandbox.posts("instagram")
    assert (post["id"], post["text"]) == (media["id"], "By the SDK")

    read = IGMedia(media["id"], api=client).api_get(fields=["permalink", "caption", "media_product_type"])
    assert (read["permalink"], read["caption"], read["media_product_type"]) == (post["url"], "By the SDK", "FEED")
    assert [item["id"] for item in user.get_media(fields=["id", "timestamp"])] == [media["id"]]
    [limit] = user.get_content_publishing_limit(fields=["config", "quota_usage"])
    assert (limit["quota_usage"], limit["config"]["quota_duration"]) == (1, 86400)

    IGMedia(media["id"], api=client).create_comment(params={"message": "First!"})
    assert [comment["text"] for comment in IGMedia(media["id"], api=client).get_comments(fields=["text"])] == ["First!"]
    IGMedia(media["id"], api=client).api_delete()
    assert sandbox.posts("instagram") == []


def test_metas_sdk_publishes_a_carousel_and_meets_the_real_errors(sandbox: RunningSandbox) -> None:
    account = Account(sandbox, "facebook")
    user = IGUser(account.id, api=api(account.host, account.token))
    urls = (served(sandbox, jpeg(320, 320, seed=seed)) for seed in (1, 2))
    children = [user.create_media(params={"image_url": url, "is_carousel_item": True})["id"] for url in urls]
    sandbox.advance_clock(1)
    with pytest.raises(FacebookRequestError) as short:
        user.create_media(params={"media_type": "CAROUSEL", "children": children[:1]})
    assert (short.value.api_error_code(), short.value.api_error_subcode()) == (100, 2207028)
    parent = user.create_media(params={"media_type": "CAROUSEL", "children": children, "caption": "Two"})
    user.create_media_publish(params={"creation_id": parent["id"]})
    [post] = sandbox.posts("instagram")
    assert (post["text"], len(post["media"])) == ("Two", 2)


def test_a_container_goes_from_in_progress_to_finished_to_published_once(
    sandbox: RunningSandbox, account: Account
) -> None:
    container = account.container(media_type="REELS", video_url=served(sandbox, movie()))
    assert account.get(container, fields="status_code").json()["status_code"] == "IN_PROGRESS"
    assert error(account.post("media_publish", creation_id=container)) == (9007, 2207027)
    sandbox.advance_clock(2)
    assert account.get(container, fields="status_code,status").json()["status_code"] == "FINISHED"
    assert account.post("media_publish", creation_id=container).ok
    assert account.get(container, fields="status_code").json()["status_code"] == "PUBLISHED"
    assert error(account.post("media_publish", creation_id=container)) == (24, 2207008)
    assert len(sandbox.posts("instagram")) == 1


def test_a_container_expires_after_a_day(sandbox: RunningSandbox, account: Account) -> None:
    container = account.picture()
    sandbox.advance_clock(86_500)
    assert account.get(container, fields="status_code").json()["status_code"] == "EXPIRED"
    assert error(account.post("media_publish", creation_id=container)) == (24, 2207008)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (100, 0)),
        ({"image_url": "dead"}, (9004, 2207052)),
        ({"image_url": "png"}, (36001, 2207005)),
        ({"image_url": "tall"}, (36003, 2207009)),
        ({"image_url": "jpeg", "caption": "x" * 2201}, (36004, 2207010)),
        ({"image_url": "jpeg", "caption": "@you " * 21}, (100, 2207040)),
        ({"image_url": "jpeg", "collaborators": '["a","b","c","d"]'}, (100, 0)),
        ({"media_type": "REELS"}, (100, 0)),
        ({"media_type": "REELS", "upload_type": "resumable"}, (100, 0)),
        ({"media_type": "VIDEO", "video_url": "movie"}, (100, 2207067)),
        ({"media_type": "POSTCARD"}, (100, 2207023)),
        ({"media_type": "CAROUSEL", "children": "1"}, (100, 2207028)),
        ({"media_type": "CAROUSEL", "children": "1,2"}, (24, 2207006)),
    ],
)
def test_a_container_that_instagram_would_refuse_is_refused(
    sandbox: RunningSandbox, account: Account, fields: dict[str, str], expected: tuple[int, int]
) -> None:
    files = {
        "jpeg": jpeg(320, 320),
        "png": png(320, 320),
        "tall": jpeg(300, 900),
        "movie": movie(),
    }
    given = {name: served(sandbox, files[value]) if value in files else value for name, value in fields.items()}
    if fields.get("image_url") == "dead":
        given["image_url"] = f"{sandbox.url}/files/dead"
    assert error(account.post("media", **given)) == expected


def test_a_carousel_waits_for_its_children_and_they_cannot_go_alone(sandbox: RunningSandbox, account: Account) -> None:
    video = account.container(media_type="VIDEO", is_carousel_item="true", video_url=served(sandbox, movie()))
    photo = account.picture(is_carousel_item="true")
    children = f"{video},{photo}"
    assert error(account.post("media", media_type="CAROUSEL", children=children)) == (9007, 2207027)
    sandbox.advance_clock(2)
    assert account.post("media", media_type="CAROUSEL", children=children).ok
    assert error(account.post("media_publish", creation_id=photo)) == (24, 2207008)


def test_the_quota_of_the_account_is_counted_over_a_day_and_kept(sandbox: RunningSandbox) -> None:
    account = Account(sandbox, quota_total=1)
    first, second = account.picture(), account.picture()
    sandbox.advance_clock(1)
    assert account.post("media_publish", creation_id=first).ok
    assert error(account.post("media_publish", creation_id=second)) == (9, 2207042)
    told = account.get(account.id, "content_publishing_limit", fields="quota_usage,config").json()
    assert told == {"data": [{"quota_usage": 1, "config": {"quota_total": 1, "quota_duration": 86400}}]}
    sandbox.advance_clock(86_400)
    assert account.get(account.id, "content_publishing_limit").json() == {"data": [{"quota_usage": 0}]}


def test_asking_for_fields_of_a_comment_is_refused_though_it_is_made(sandbox: RunningSandbox, account: Account) -> None:
    container = account.picture()
    sandbox.advance_clock(1)
    media = account.post("media_publish", creation_id=container).json()["id"]
    assert account.post("comments", node=media, message="Hi", fields="id").status_code == 400
    assert [comment["text"] for comment in sandbox.posts("instagram")[0]["comments"]] == ["Hi"]


def test_tokens_are_of_one_login_one_account_and_sixty_days(sandbox: RunningSandbox, account: Account) -> None:
    other = Account(sandbox, "facebook")
    account_url, other_url = f"{account.host}/{VERSION}/me", f"{other.host}/{VERSION}/me"
    assert error(call("GET", account_url, "")) == (190, 0)
    assert error(call("GET", account_url, "unknown")) == (190, 0)
    assert call("GET", account_url, account.token, params={"fields": "username"}).json()["username"] == "demo"
    assert error(call("GET", other_url, account.token)) == (190, 0)
    assert error(account.get("12345")) == (100, 33)
    sandbox.advance_clock(61 * 86_400)
    assert error(call("GET", account_url, account.token)) == (190, 463)


def test_a_token_is_refreshed_while_it_holds(sandbox: RunningSandbox, account: Account) -> None:
    url = f"{account.host}/refresh_access_token"
    params = {"grant_type": "ig_refresh_token", "access_token": account.token}
    fresh = call("GET", url, account.token, params=params).json()
    assert (fresh["token_type"], fresh["expires_in"]) == ("bearer", 5_184_000)
    assert fresh["access_token"] != account.token
    sandbox.advance_clock(61 * 86_400)
    assert error(call("GET", url, account.token, params=params)) == (190, 463)


def test_a_resumable_upload_keeps_what_came_and_wants_the_right_offset(sandbox: RunningSandbox) -> None:
    account, body = Account(sandbox, "facebook"), movie(3000)
    made = account.post("media", media_type="REELS", upload_type="resumable").json()

    def send(offset: Any, data: bytes, token: str = account.token, size: int = len(body)) -> Any:
        headers = {"Authorization": f"OAuth {token}", "offset": str(offset), "file_size": str(size)}
        return call("POST", made["uri"], token, headers=headers, data=data)

    assert send(0, body[:1000]).json()["debug_info"]["type"] == "PartialRequestError"
    status = account.get(made["id"], fields="status_code,video_status").json()
    assert status["video_status"]["uploading_phase"] == {"status": "in_progress", "bytes_transferred": 1000}
    wrong = send(0, body)
    assert (wrong.status_code, wrong.json()["debug_info"]["type"]) == (412, "OffsetInvalidError")
    assert send("none", body).json()["debug_info"]["type"] == "ParameterValidationError"
    assert send(1000, body[1000:], token="unknown").status_code == 401
    assert send(1000, body[1000:]).json()["success"] is True
    sandbox.advance_clock(2)
    account.post("media_publish", creation_id=made["id"])
    [post] = sandbox.posts("instagram")
    assert (sandbox.sandbox.files / post["media"][0]).read_bytes() == body


def test_usage_is_told_in_the_headers_and_a_used_up_one_refuses(sandbox: RunningSandbox) -> None:
    account = Account(sandbox, usage_percent=100)
    reply = account.get("me")
    assert error(reply) == (80002, 0)
    assert '"estimated_time_to_regain_access": 5' in reply.headers["x-business-use-case-usage"]
