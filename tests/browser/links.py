"""A room of links with a month of clicks, for the pages that show them."""

from datetime import timedelta

from chat33.lib.clock import utcnow
from tests.people import Person
from tests.tracking.links import add_click, count_clicks, make_link
from tracking.links.domains import add_domain
from tracking.links.vocabulary import add_term
from tracking.models import Domain, Link

UTM = {"source": "instagram", "medium": "social", "campaign": "spring-sale"}
STORES = {
    "ios_url": "https://apps.apple.com/app/apple-store/id1234567890?pt=118326&ct=spring&mt=8",
    "android_url": "https://play.google.com/store/apps/details?id=com.example.coffee",
}


def a_room(owner: Person) -> None:
    """Links of every kind; the newest has been clicked for a month, by people and others."""
    organization = owner.organization
    make_link(organization, url="https://demo-coffee.example/menu", title="Menu", tags=["bio"], clicks=88)
    make_link(organization, title="Get the app", kind="store", folder="App", clicks=17, **STORES)
    make_link(organization, url="https://demo-coffee.example/old", title="Last year", clicks=3)
    link = make_link(
        organization, url="https://demo-coffee.example/spring?table=4", title="Spring sale", utm=UTM, folder="Spring",
        tags=["launch", "dm"], influencer="mia", click_limit=5000, deep_link="democoffee://sale", clicks=1342, **STORES,
    )  # fmt: skip
    today = utcnow().date()
    for ago in range(30):
        people = 40 + (ago * 37) % 23
        day = today - timedelta(days=ago)
        count_clicks(link, day, people)
        count_clicks(link, day, people - 9, name="click.confirmed")
        count_clicks(link, day, 5 + ago % 4, by="preview")
        count_clicks(link, day, ago % 3, by="bot")
    for referrer, agent in (
        ("https://l.instagram.com/", "ios"),
        ("https://l.instagram.com/", "android"),
        ("", "desktop"),
    ):
        add_click(link, referrer=referrer, agent=agent)
    add_click(link, by="preview", agent="WhatsApp")
    for field, value in (
        ("source", "instagram"),
        ("source", "newsletter"),
        ("medium", "social"),
        ("campaign", "spring-sale"),
    ):
        add_term(organization=organization, field=field, value=value, now=utcnow())
    add_domain(organization=organization, host="demo-coffee.example", now=utcnow())
    verified = add_domain(organization=organization, host="shop.demo-coffee.example", now=utcnow())
    Domain.objects.filter(pk=verified.pk).update(verified_at=utcnow(), checked_at=utcnow())


def latest(owner: Person) -> str:
    """The clicked link's page."""
    return f"/links/{Link.objects.filter(organization=owner.organization).latest('pk').public_id}/"
