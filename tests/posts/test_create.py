"""Creating posts through the API."""

from integrations.models import Channel
from posts.models import Post
from tests.people import Person


def test_a_post_is_queued_for_its_channel(owner: Person, channel: Channel) -> None:
    reply = owner.api().send("POST", "posts", {"accountIds": [channel.public_id], "text": "Hello"})

    assert reply.status_code == 201
    made = reply.json()
    assert made["groupId"] is None
    assert [post["status"] for post in made["posts"]] == ["QUEUED"]
    assert Post.objects.get(public_id=made["posts"][0]["id"]).due_at is not None


def test_a_stranger_cannot_post_to_it(stranger: Person, channel: Channel) -> None:
    reply = stranger.api().send("POST", "posts", {"accountIds": [channel.public_id], "text": "Hello"})

    assert reply.status_code == 400
    assert reply.json()["error"] == "VALIDATION_ERROR"
    assert reply.json()["details"] == [{"path": "accountIds.0", "message": "There is no such account."}]
    assert not Post.objects.exists()
