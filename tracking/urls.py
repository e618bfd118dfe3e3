"""Addresses of the pages about links and what came back."""

from django.urls import path

from tracking.views import builders, domains, integrations, link, links, postbacks, rules, words

urlpatterns = [
    path("contacts/rules/", rules.rules, name="rules"),
    path("contacts/rules/<str:rule_id>/delete/", rules.delete_rule, name="delete_rule"),
    path("links/", links.links, name="links"),
    path("links/new/", link.new, name="new_link"),
    path("links/preview/", link.preview, name="preview_link"),
    path("links/move/", links.move, name="move_links"),
    path("links/wrap/", builders.wrap_builder, name="wrap_builder"),
    path("links/utm/", builders.utm_builder, name="utm_builder"),
    path("links/stores/", builders.store_builder, name="store_builder"),
    path("links/words/", words.words, name="words"),
    path("links/words/<str:term_id>/remove/", words.remove, name="remove_word"),
    path("links/domains/", domains.domains, name="domains"),
    path("links/domains/<str:domain_id>/check/", domains.check, name="check_domain"),
    path("links/domains/<str:domain_id>/remove/", domains.remove, name="remove_domain"),
    path("links/<str:link_id>/", link.link, name="link"),
    path("links/<str:link_id>/edit/", link.edit, name="edit_link"),
    path("links/<str:link_id>/qr.svg", link.qr, name="link_qr"),
    path("links/<str:link_id>/archive/", link.archive, name="archive_link"),
    path("links/<str:link_id>/restore/", link.restore, name="restore_link"),
    path("settings/integrations/", integrations.integrations, name="integrations"),
    path("settings/integrations/seen/", integrations.seen, name="pixel_seen"),
    path("settings/integrations/origins/", integrations.origins, name="pixel_origins"),
    path("settings/integrations/generate/<str:token_kind>/", integrations.generate, name="generate_token"),
    path("settings/integrations/<str:token_id>/rotate/", integrations.rotate, name="rotate_token"),
    path("settings/integrations/<str:token_id>/revoke/", integrations.revoke, name="revoke_token"),
    path("tracking/postbacks/", postbacks.postbacks, name="postbacks"),
    path("tracking/postbacks/replay/", postbacks.replay_waiting, name="replay_postbacks"),
    path("tracking/postbacks/test/", postbacks.test_postback, name="test_postback"),
    path("tracking/postbacks/stores/", postbacks.reports, name="store_reports"),
    path("tracking/postbacks/<str:postback_id>/", postbacks.postback, name="postback"),
    path("tracking/postbacks/<str:postback_id>/replay/", postbacks.replay_one, name="replay_postback"),
]
