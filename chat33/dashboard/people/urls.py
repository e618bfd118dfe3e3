"""The addresses of people's pages."""

from django.urls import path

from chat33.dashboard.people import joining, mailbox, members, organization, profile

urlpatterns = [
    path("join/<str:token>/", joining.join, name="join"),
    path("welcome/", joining.no_organization, name="no_organization"),
    path("organizations/", joining.organizations, name="organizations"),
    path("organizations/new/", joining.new_organization, name="new_organization"),
    path("organizations/switch/", joining.switch, name="switch_organization"),
    path("settings/", organization.settings, name="settings"),
    path("settings/organization/", organization.change, name="change_organization"),
    path("settings/logo/", organization.set_logo, name="set_logo"),
    path("settings/leave/", organization.leave, name="leave_organization"),
    path("settings/members/", members.members, name="members"),
    path("settings/members/invite/", members.invite, name="invite"),
    path("settings/members/<str:user_id>/", members.member, name="member"),
    path("settings/members/<str:user_id>/remove/", members.remove, name="remove_member"),
    path("settings/invitations/<str:invitation_id>/renew/", members.renew, name="renew_invitation"),
    path("settings/invitations/<str:invitation_id>/revoke/", members.revoke, name="revoke_invitation"),
    path("settings/profile/", profile.profile, name="profile"),
    path("settings/notifications/", profile.preferences, name="notifications"),
    path("notifications/stop/<str:token>/", profile.stop, name="stop_notifications"),
    path("logos/<str:name>", organization.logo, name="logo"),
    path("mail/", mailbox.inbox, name="practice_inbox"),
    path("mail/<str:name>/", mailbox.inbox, name="practice_mail"),
]
