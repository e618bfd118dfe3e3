"""What each MMP sends, as its documentation shows it, read into one shape."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from chat33.lib.ids import new_id
from tracking.mmp.base import Reading, Unreadable, fields_of
from tracking.mmp.registry import MMPS, read

CONTACT = new_id("cm", separator="")

# Of AppsFlyer's "Push API streaming raw data": an install, and an in-app event.
APPSFLYER_INSTALL: dict[str, Any] = {
    "event_type": "install", "event_name": "install", "app_id": "id123456789", "platform": "ios",
    "appsflyer_id": "1415211453000-6513894", "media_source": "chat33", "campaign": "spring-sale", "af_sub1": CONTACT,
    "af_sub2": "mia", "af_sub3": None, "idfa": "N/A", "event_time": "2026-11-20 10:00:00.000",
    "install_time": "2026-11-20 10:00:00.000", "event_value": "", "customer_user_id": "null",
}  # fmt: skip
APPSFLYER_PURCHASE = {
    **APPSFLYER_INSTALL, "event_type": "in-app-event", "event_name": "af_purchase",
    "event_value": '{"af_revenue":"9.99","af_order_id":"order-7"}', "event_revenue": "9.99",
    "event_revenue_currency": "eur", "event_time": "2026-11-20 11:00:00.000",
}  # fmt: skip
# Of Adjust's "Install callbacks" and "Ad revenue callbacks".
ADJUST_INSTALL = {
    "activity_kind": "install", "adid": "18546f6171f67e29d1cb983322ad1329", "app_name": "MyApp",
    "tracker": "abc123", "tracker_name": "Network1::Christmas::Reindeers::320x70_en", "label": CONTACT,
    "created_at": "1404214665", "installed_at": "1404214634",
}  # fmt: skip
# Of Tenjin's "Callback macros".
TENJIN_INSTALL = {
    "click_id": CONTACT, "advertising_id": "38400000-8cf0-11bd-b23e-10b96e40000d", "bundle_id": "com.example.app",
    "campaign_id": "c-42", "site_id": "s-1", "ad_network": "chat33", "platform": "Android",
    "acquired_at_ms": "1763632800000",
}  # fmt: skip
# Of Singular's "Internal BI postbacks".
SINGULAR_IAP = {
    "event_name": "__iap__", "network": "Chat33", "campaign": "spring-sale", "passthrough": CONTACT,
    "aifa": "38400000-8cf0-11bd-b23e-10b96e40000d", "app_longname": "com.example.app", "platform": "Android",
    "revenue": "4.99", "currency": "USD", "event_utc_timestamp": "1763632800",
}  # fmt: skip
EVERY = {
    "appsflyer": APPSFLYER_INSTALL, "adjust": ADJUST_INSTALL, "tenjin": TENJIN_INSTALL, "singular": SINGULAR_IAP
}  # fmt: skip


def of(query: Any = "", body: Any = "", kind: str = "") -> Reading:
    text = query if isinstance(query, str) else urlencode({k: v for k, v in query.items() if v is not None})
    return read(fields_of(text, body if isinstance(body, str) else json.dumps(body), kind))


def test_an_appsflyer_install_by_the_push_api() -> None:
    found = of(body=APPSFLYER_INSTALL, kind="application/json")

    assert (found.mmp, found.kind, found.event, found.contact, found.contact_by) == (
        "appsflyer", "install", "install", CONTACT, "af_sub1",
    )  # fmt: skip
    assert (found.network, found.campaign, found.influencer, found.flow) == ("chat33", "spring-sale", "mia", "")
    assert found.occurred_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert "idfa" not in found.fields
    assert "customer_user_id" not in found.fields


def test_an_appsflyer_purchase_says_what_it_was_worth_and_its_order() -> None:
    found = of(body=APPSFLYER_PURCHASE)

    assert (found.kind, found.event, found.value, found.currency, found.order) == (
        "purchase", "purchase", Decimal("9.9900"), "EUR", "order-7",
    )  # fmt: skip
    assert "event_value" in found.fields  # which is JSON in braces, and no macro


def test_the_second_sub_parameter_is_a_flow_or_an_influencer() -> None:
    assert of(body={**APPSFLYER_INSTALL, "af_sub2": "flow123"}).flow == "flow123"
    assert of(body={**APPSFLYER_INSTALL, "af_sub2": "mia"}).influencer == "mia"


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("organic-install", "install", "install"),
        ("re-attribution", "re-attribution", "reinstall"),
        ("re-engagement-in-app-event", "level", "event"),
        ("in-app-event", "purchase", "purchase"),
        ("", "install", "install"),
        ("uninstall", "", "uninstall"),
    ],
)
def test_appsflyer_s_type_and_name_are_both_read(kind: str, name: str, told: str) -> None:
    assert of(body={**APPSFLYER_INSTALL, "event_type": kind, "event_name": name}).kind == told


def test_an_adjust_install_by_its_callback() -> None:
    found = of(ADJUST_INSTALL)

    assert (found.mmp, found.kind, found.contact, found.contact_by) == ("adjust", "install", CONTACT, "label")
    assert (found.network, found.campaign) == ("Network1", "Christmas")
    assert found.occurred_at == datetime.fromtimestamp(1404214665, UTC)


@pytest.mark.parametrize(
    ("given", "worth"),
    [({"revenue": "345"}, "3.45"), ({"revenue": "345", "revenue_float": "3.99"}, "3.99"), ({}, None)],
)
def test_adjust_s_revenue_is_in_cents_and_its_float_is_not(given: dict[str, str], worth: str | None) -> None:
    event = {**ADJUST_INSTALL, "activity_kind": "event", "event_name": "purchase", "currency": "usd", **given}
    found = of(event)

    assert found.value == (Decimal(worth) if worth else None)
    assert found.currency == "USD"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("rejected_install", "rejected"), ("cost_updated", "cost"), ("impression", "other"), ("click", "other"),
        ("reattribution", "reinstall"), ("session", "session"), ("uninstall", "uninstall"), ("event", "event"),
    ],
)  # fmt: skip
def test_every_activity_of_adjust_s_is_told_apart(word: str, told: str) -> None:
    assert of({**ADJUST_INSTALL, "activity_kind": word, "event_name": "level"}).kind == told


def test_a_tenjin_install() -> None:
    found = of(TENJIN_INSTALL)

    assert (found.mmp, found.kind, found.contact, found.contact_by) == ("tenjin", "install", CONTACT, "click_id")
    assert (found.campaign, found.network, found.platform) == ("c-42", "chat33", "android")
    assert found.occurred_at == datetime.fromtimestamp(1763632800, UTC)


def test_tenjin_s_documented_fields_alone_are_tenjin_s() -> None:
    assert of("campaign_id=c-42&site_id=s-1").mmp == "tenjin"


def test_singular_s_purchase_and_its_documented_fields_alone() -> None:
    found = of(body=SINGULAR_IAP)

    assert (found.mmp, found.kind, found.event, found.contact_by) == ("singular", "purchase", "purchase", "passthrough")
    assert (found.value, found.currency) == (Decimal("4.9900"), "USD")
    assert (of(f"network=Chat33&source={CONTACT}").contact, of("network=Chat33&source=Facebook").contact) == (
        CONTACT,
        "",
    )


@pytest.mark.parametrize("name", sorted(MMPS))
def test_a_query_a_json_body_and_a_form_say_the_same(name: str) -> None:
    given = {field: value for field, value in EVERY[name].items() if value is not None}
    form = urlencode(given)

    by_query, by_json, by_form = of(given), of(body=given), of(body=form, kind="application/x-www-form-urlencoded")
    assert by_query == by_json == by_form
    assert by_query.mmp == name


@pytest.mark.parametrize("name", sorted(MMPS))
@pytest.mark.parametrize(
    "left", ["{x}", "{{x}}", "{{ x }}", "${x}", "[x]", "(x)", "%7Bx%7D", "%7B%7Bx%7D%7D", "{af_sub1}", "{cl?Network}"]
)
def test_a_macro_that_was_not_replaced_is_missing_and_told(name: str, left: str) -> None:
    field = MMPS[name].contact_fields[0]
    found = of({**EVERY[name], field: left, "mmp": name})

    assert found.contact == ""
    assert found.unreplaced == {field: left}


@pytest.mark.parametrize("empty", ["", " ", "null", "NULL", "None", "undefined", "N/A", "(null)", "nil", "-", None])
def test_a_word_for_nothing_is_nothing(empty: str | None) -> None:
    found = of(body={**APPSFLYER_INSTALL, "af_sub1": empty})

    assert (found.contact, found.unreplaced) == ("", {})


@pytest.mark.parametrize("value", ["{not a macro}", "Sale (spring)", "[50% off] all", '{"a": 1}', "a{b}c"])
def test_what_only_looks_like_a_macro_is_kept(value: str) -> None:
    assert of(body={**APPSFLYER_INSTALL, "campaign": value}).campaign == value


@pytest.mark.parametrize("name", sorted(MMPS))
def test_the_address_for_an_mmp_s_dashboard_has_its_macros_and_none_of_them_passes_for_a_value(name: str) -> None:
    address = MMPS[name].template("https://chat33.example/api/webhooks/mmp?secret=s")
    found = fields_of(address.partition("?")[2], "", "")

    assert address.startswith("https://chat33.example/api/webhooks/mmp?secret=s&mmp=")
    assert found.values == {"mmp": name}
    assert set(MMPS[name].contact_fields) & set(found.unreplaced) or name == "appsflyer"


@pytest.mark.parametrize("name", sorted(MMPS))
def test_its_example_is_an_install_of_the_contact(name: str) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    found = of({**MMPS[name].example(contact=CONTACT, flow="flow_1", now=now)})

    assert (found.mmp, found.kind, found.contact, bool(found.key)) == (name, "install", CONTACT, True)


def test_a_repetition_has_the_same_key_and_whatever_differs_another() -> None:
    def key(**changed: str) -> str:
        return of(body={**APPSFLYER_PURCHASE, **changed}).key

    assert key() == key(campaign="renamed meanwhile")
    assert len({key(), key(event_value="{}"), key(event_time="2026-11-20 12:00:00.000"), key(appsflyer_id="2-2")}) == 4
    assert (
        of({**ADJUST_INSTALL, "nonce": "a", "random": "1"}).key
        != of({**ADJUST_INSTALL, "nonce": "b", "random": "1"}).key
    )


def test_installs_without_any_id_are_not_taken_for_one() -> None:
    bare = {"mmp": "adjust", "activity_kind": "install"}

    assert of(bare).key == ""
    assert of({**bare, "created_at": "1404214665"}).key != of({**bare, "created_at": "1404214666"}).key


def test_the_contact_comes_back_in_a_referrer_too() -> None:
    referrer = quote(f"cid={CONTACT}&fid=flow_1")
    found = of({"activity_kind": "install", "adid": "a", "referrer": referrer})

    assert (found.contact, found.contact_by) == (CONTACT, "referrer")
    assert of({**TENJIN_INSTALL, "click_id": "", "cid": CONTACT}).contact_by == "cid"
    assert of({**SINGULAR_IAP, "passthrough": "", "campaign": "", "cid": "spring-sale"}).contact == ""


SKAN = {
    "version": "4.0", "ad-network-id": "5UX5ZH24HU.skadnetwork", "source-identifier": "4239", "app-id": 525463029,
    "transaction-id": "6aafb7a5-0170-41b5-bbe4-fe71dedf1e28", "redownload": False, "did-win": True,
    "postback-sequence-index": 0, "conversion-value": 20, "attribution-signature": "MEYCIQ==",
}  # fmt: skip


def test_apple_s_own_report_names_a_campaign_and_nobody() -> None:
    found = of(body=SKAN)

    assert (found.kind, found.mmp, found.contact) == ("aggregate", "", "")
    assert found.store is not None
    assert (found.store.framework, found.store.network, found.store.campaign) == (
        "SKAN",
        "5UX5ZH24HU.skadnetwork",
        "4239",
    )
    assert (found.store.app, found.store.conversion, found.store.won) == ("525463029", "20", True)
    assert of(body={**SKAN, "postback-sequence-index": 1}).key != found.key
    lost = of(body={**SKAN, "did-win": False}).store
    assert lost is not None
    assert not lost.won


def test_an_attribution_kit_report_is_read_from_its_signed_part() -> None:
    def part(given: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(given).encode()).decode().rstrip("=")

    signed = {
        "postback-identifier": "85546EB7-FD39-44BC-8990-C98A4AC36A49", "ad-network-identifier": "example.adattributionkit",
        "source-identifier": "1234", "advertised-item-identifier": 525463029, "did-win": True, "postback-sequence-index": 0,
    }  # fmt: skip
    jws = f"{part({'alg': 'ES256', 'kid': 'apple-cas-identifier/0'})}.{part(signed)}.c2lnbmF0dXJl"
    found = of(body={"jws-string": jws, "conversion-value": 24, "ad-interaction-type": "click"})

    assert found.store is not None
    assert (found.store.framework, found.store.campaign, found.store.app, found.store.conversion) == (
        "AAK", "1234", "525463029", "24",
    )  # fmt: skip
    for broken in ("x", "a.b.c", f"a.{part([])}.c"):
        with pytest.raises(Unreadable):
            of(body={"jws-string": broken})


def test_adjust_and_appsflyer_pass_reports_on_in_their_own_words() -> None:
    adjust = of({
        "sk_version": "2.0", "sk_network_id": "123456789x.skadnetwork", "sk_campaign_id": "42", "sk_app_id": "525463029",
        "sk_transaction_id": "6aafb7a5-0170-41b5-bbe4-fe71dedf1e28", "sk_conversion_value": "20", "sk_ts": "1403568849",
        "adid": "{adid}", "label": CONTACT,
    })  # fmt: skip
    appsflyer = of(body={
        "skad_transaction_id": "6aafb7a5-0170-41b5-bbe4-fe71dedf1e28", "skad_campaign_id": 42, "skad_version": "3.0",
        "skad_ad_network_id": "123456789x.skadnetwork", "media_source": "chat33", "ad_network_campaign_name": "spring-sale",
        "app_id": "id525463029", "skad_conversion_value": 20, "skad_did_win": True,
    })  # fmt: skip

    assert (adjust.mmp, appsflyer.mmp) == ("adjust", "appsflyer")
    assert adjust.store is not None
    assert appsflyer.store is not None
    assert (adjust.store.campaign, adjust.store.network) == ("42", "123456789x.skadnetwork")
    assert (appsflyer.store.campaign, appsflyer.store.network) == ("spring-sale", "chat33")
    assert adjust.contact == appsflyer.contact == ""


def test_adjust_s_whole_payload_is_enough() -> None:
    found = of({"sk_payload": json.dumps(SKAN), "sk_ts": "1403568849"})

    assert found.store is not None
    assert (found.mmp, found.store.campaign, found.store.conversion) == ("adjust", "4239", "20")


@pytest.mark.parametrize(
    ("query", "body", "kind", "says"),
    [
        ("", "{", "application/json", "is not"),
        ("", "[1]", "application/json", "no object"),
        ("", "[" * 100_000, "application/json", "is not"),
        ("hello=world", "", "", "No field of it"),
        ("", "", "", "No field of it"),
        ("&".join(f"a{number}=1" for number in range(400)), "", "", "more than 300 fields"),
        ("", json.dumps({f"a{number}": 1 for number in range(400)}), "", "more than 300 fields"),
        ("sk_payload={}", "", "", "transaction-id"),
    ],
)
def test_what_cannot_be_read_says_why(query: str, body: str, kind: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        of(query, body, kind)


def test_nothing_that_a_database_cannot_hold_comes_through() -> None:
    found = of("activity_kind=install&adid=a%00b&label=x%00", '{"app_name": "\\ud800 \\u0000", "n": ' + "9" * 30 + "}")

    assert found.device == "ab"
    assert found.fields["app_name"] == "?"
