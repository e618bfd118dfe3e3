"""What the demo organization has said and is about to say: one line an occasion, by days from today."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["published", "trouble", "caption", "unclear", "missed", "scheduled", "draft"]

ALL = ("instagram", "facebook", "x")


@dataclass(frozen=True)
class Occasion:
    """One thing said on several accounts. ``day`` counts from today, ``at`` is a time of that day."""

    day: int
    at: str
    platforms: Sequence[str]
    text: str
    picture: str = ""
    outcome: Outcome = "published"


LONG = (
    "The whole story of our new Huehuetenango lot, from the farm to your cup. "
    + "It grew at 1,900 metres, was picked by hand, washed, and dried for eighteen days in the sun. " * 24
)

OCCASIONS: Sequence[Occasion] = (
    Occasion(
        -27, "08:15", ALL, "New month, new house blend: hazelnut, cocoa, a little orange. On bar from today.", "beans"
    ),
    Occasion(-26, "17:05", ("x",), "Which is it: flat white or cortado? Wrong answers only."),
    Occasion(-24, "12:40", ("instagram", "tiktok"), "Latte art, take eleven. The swan finally has a neck.", "cup"),
    Occasion(-22, "08:15", ("facebook", "x"), "We close at 16:00 on Thursday for a cupping. Three places are left."),
    Occasion(
        -20, "17:05", ALL, "Thank you for 5,000 of you! A free cookie with every second coffee on Friday.", "cake"
    ),
    Occasion(-19, "12:40", ("x",), "Tip of the day: let the kettle rest for a minute. 93 °C is plenty."),
    Occasion(
        -17, "08:15", ("instagram", "facebook"), "Meet Amara, who roasts on Mondays and never drinks milk.", "shop"
    ),
    Occasion(-15, "12:40", ("instagram", "x"), "Rain all day. The window seat is free.", "window"),
    Occasion(-14, "17:05", ("tiktok",), "How we dial in a new coffee in under a minute.", "cup"),
    Occasion(-12, "08:15", ALL, "Back in stock: the 1 kg bag of Sunday Morning. Order by noon, it ships today.", "bag"),
    Occasion(-11, "12:40", ("x",), "Our queue is shortest at 10:20. You did not hear it from us."),
    Occasion(
        -9, "17:05", ("instagram", "facebook"), "Cinnamon buns out of the oven at 9:30. They do not last.", "cake"
    ),
    Occasion(
        -8, "12:40", ("facebook",), "The barista course in December is open: four evenings, eight people.", "shop"
    ),
    Occasion(-6, "08:15", ALL, "Single origin of the week: Sidama, Ethiopia. Peach and black tea.", "beans"),
    Occasion(-5, "17:05", ("x",), "A regular just paid for the next ten espressos. Be quick, be kind."),
    Occasion(-5, "12:40", ("instagram",), LONG, "beans", "caption"),
    Occasion(-4, "08:15", ("facebook",), "Gift cards are here, on paper you would want to keep.", "bag", "unclear"),
    Occasion(
        -3, "12:40", ("instagram", "facebook", "tiktok"), "Iced or hot in November? We asked, you split evenly.", "cup"
    ),
    Occasion(
        -2, "17:05", ("x",), "Two last places in Saturday's tasting. Reply and one of them is yours.", "", "trouble"
    ),
    Occasion(-2, "17:25", ("x",), "Saturday's tasting: five coffees, one hour, no homework.", "", "trouble"),
    Occasion(-1, "08:15", ("instagram", "facebook"), "Good morning from the roof. First frost of the year.", "window"),
    Occasion(-1, "12:40", ("x",), "Decaf drinkers of this town: the new one is for you."),
    Occasion(0, "+150", ALL, "Tonight: open bar until 20:00. Bring a mug, get a refill.", "shop", "scheduled"),
    Occasion(0, "+340", ("x",), "Refill night is on. The playlist is yours.", "", "scheduled"),
    Occasion(1, "08:15", ("instagram", "facebook"), "Sunday Morning, on a Sunday morning.", "bag", "scheduled"),
    Occasion(1, "12:40", ("tiktok",), "What 93 °C looks like.", "cup", "scheduled"),
    Occasion(2, "08:15", ("x",), "Monday. The double is the same price as the single until nine.", "", "scheduled"),
    Occasion(
        3, "17:05", ALL, "The Christmas blend is roasted. You will smell it from the corner.", "beans", "scheduled"
    ),
    Occasion(
        5, "12:40", ("instagram", "facebook"), "Four things to eat beside a cortado, ranked.", "cake", "scheduled"
    ),
    Occasion(
        6, "08:15", ("x",), "Does anyone still read the grind size on the bag? Asking for a roaster.", "", "scheduled"
    ),
    Occasion(8, "17:05", ("facebook",), "December's course is full. January opens on Friday.", "shop", "scheduled"),
    Occasion(10, "08:15", ALL, "Gift cards, wrapped. One click, one ribbon.", "bag", "scheduled"),
    Occasion(12, "12:40", ("instagram", "tiktok"), "Behind the bar in thirty seconds.", "cup", "scheduled"),
    Occasion(14, "08:15", ("x",), "Last orders before the holidays: the 18th, noon.", "", "scheduled"),
    Occasion(
        4, "09:00", ("instagram", "facebook"), "Idea: portraits of regulars, one a week. Ask Amara first.", "", "draft"
    ),
    Occasion(
        7, "09:00", ("youtube",), "The roastery tour, three minutes. Footage is still on Jo's phone.", "", "draft"
    ),
    Occasion(9, "08:15", ("x",), "Would you drink coffee from a cup made of coffee grounds?", "", "draft"),
)
