"""People, previews, programs and browsers that look ahead are told apart by what they say of themselves."""

import pytest

from tracking.events.agents import device_of, visit

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
)
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", "ios"),
        (f"{IPHONE} Mobile/22B83 Instagram 354.0.0 (iPhone15,2; iOS 18_1)", "ios"),
        (f"{IPHONE} Mobile/22B83 [FBAN/FBIOS;FBAV/480.0]", "ios"),
        (f"{IPHONE} Mobile/22B83 [Pinterest/iOS]", "ios"),
        (ANDROID, "android"),
        (ANDROID.replace("Pixel 8", "CUBOT X30"), "android"),
        (f"{ANDROID} Line/14.1.0", "android"),
        (MAC, "desktop"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0", "desktop"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "desktop"),
    ],
)
def test_people_are_people_also_inside_an_app(agent: str, device: str) -> None:
    who = visit({"user-agent": agent})

    assert (who.by, who.device, who.name) == ("person", device, "")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("WhatsApp/2.23.20.0 A", "WhatsApp"),
        ("WhatsApp", "WhatsApp"),
        ("TelegramBot (like TwitterBot)", "Telegram"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Slack"),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "Facebook"),
        (f"{MAC} facebookexternalhit/1.1 Facebot Twitterbot/1.0", "iMessage"),
        ("Twitterbot/1.0", "X"),
        ("LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", "LinkedIn"),
        ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "Discord"),
        ("http.rb/5.2.0 (Mastodon/4.3.0; +https://mastodon.example/) Bot", "Mastodon"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "Microsoft Teams"),
        ("Viber/1.0", "Viber"),
        ("Pinterest/0.2 (+https://www.pinterest.com/bot.html)", "Pinterest"),
        ("Mozilla/5.0 (Macintosh) Applebot/0.1", "Apple"),
    ],
)
def test_a_messenger_s_preview_is_named(agent: str, name: str) -> None:
    who = visit({"user-agent": agent})

    assert (who.by, who.name) == ("preview", name)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-moz": "prefetch"},
    ],
)
def test_a_browser_that_looks_ahead_is_no_click(headers: dict[str, str]) -> None:
    assert visit({"user-agent": ANDROID, **headers}).by == "prefetch"


@pytest.mark.parametrize(
    "agent",
    [
        "", "curl/8.5.0", "python-requests/2.32", "Go-http-client/2.0", "okhttp/4.12", "Wget/1.21",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0 Safari/537.36",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0)", "Mozilla/5.0 (compatible; UptimeRobot/2.0; monitor)", "x" * 10_000,
    ],
)  # fmt: skip
def test_programs_are_programs(agent: str) -> None:
    assert visit({"user-agent": agent}).by == "bot"


def test_asking_for_the_head_alone_is_a_program_s_way() -> None:
    assert visit({"user-agent": ANDROID}, "HEAD").by == "bot"


def test_a_program_is_named_by_how_it_begins() -> None:
    assert visit({"user-agent": "curl/8.5.0"}).name == "curl"
    assert len(visit({"user-agent": "z" * 400}).name) == 40
    assert visit({}).name == ""


def test_a_device_nobody_knows_is_none() -> None:
    assert device_of("Mozilla/5.0 (PlayStation 5)") == ""
