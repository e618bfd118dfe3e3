"""The tables' shape: every tenant's row says whose it is, and foreign keys point down the rooms."""

import tomllib
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey, Model

from chat33.runtime.layout import ROOT

# Rows of no tenant, and why.
NOBODYS = {
    "orgs.Organization": "is the tenant",
    "orgs.User": "a person may belong to several",
    "orgs.Package": "is sold to many",
    "api.IdempotencyRecord": "names its owner by public id: its room is below organizations",
    "api.LimitUse": "names its subject by public id, for the same reason",
    "dashboard.Heartbeat": "is the installation's",
    "orgs.OutgoingEmail": "goes to a person, who may have no organization yet",
}
# Rows that need no index by their organization, and why.
SHORT = {
    "tracking.EventWork": "a queue, short most of the time",
    "tracking.TokenUse": "found by their tokens, and forgotten in minutes",
}
OURS = ("chat33.", "posts", "integrations", "contacts", "tracking", "campaigns")
MODELS: list[type[Model]] = [model for model in apps.get_models() if model.__module__.startswith(OURS)]


def label(model: type[Model]) -> str:
    return model._meta.label


def rooms() -> dict[str, int]:
    """Each app's height, from the import contract, with the composition on top."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["name"].startswith("Rooms")]
    names = [[part.strip(" ()") for part in layer.split("|")] for layer in layers]
    heights = {name: -number for number, layer in enumerate(names) for name in layer}
    return {**heights, "chat33.dashboard": 1}


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_every_row_says_whose_it_is(model: type[Model]) -> None:
    fields: dict[str, Any] = {field.name: field for field in model._meta.get_fields()}
    owner = fields.get("organization")
    if label(model) in NOBODYS:
        assert owner is None
        return
    assert isinstance(owner, ForeignKey)
    assert label(owner.remote_field.model) == "orgs.Organization"
    assert not owner.null


def test_every_reason_is_still_needed() -> None:
    assert set(NOBODYS) <= {label(model) for model in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_foreign_keys_point_down_or_stay(model: type[Model]) -> None:
    heights = rooms()
    here = apps.get_app_config(model._meta.app_label).name
    for field in model._meta.get_fields():
        if isinstance(field, ForeignKey) and isinstance(field.remote_field.model, type):
            there = apps.get_app_config(field.remote_field.model._meta.app_label).name
            if there in heights:
                assert heights[there] <= heights[here], f"{label(model)}.{field.name} points up to {there}"


@pytest.mark.parametrize("model", MODELS, ids=label)
def test_what_points_to_a_tenant_s_row_is_found_by_an_index(model: type[Model]) -> None:
    """Deleting or listing the rows of one organization must not read everybody's."""
    if label(model) in NOBODYS:
        return
    if label(model) in SHORT:
        return
    lists = [*model._meta.indexes, *model._meta.constraints]
    first = {str(field) for one in lists for field in tuple(getattr(one, "fields", ()))[:1]}
    first |= {
        str(field.name)
        for one in lists
        for field in tuple(getattr(one, "expressions", ()))[:1]
        if hasattr(field, "name")
    }
    key: Any = model._meta.pk
    first |= {name.removesuffix("_id") for name in getattr(key, "field_names", ())[:1]}
    owner: Any = model._meta.get_field("organization")

    assert owner.db_index or "organization" in first
