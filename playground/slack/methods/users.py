"""users.* and usergroups.*: docs.slack.dev, reference/methods/users.info and its neighbours."""

from __future__ import annotations

from playground.slack.methods.call import Call, Method
from playground.slack.model import User, UserGroup
from playground.slack.rate_limits import Tier
from playground.slack.shapes import ApiError, Json


def info(call: Call) -> Json:
    return {"user": user_json(call, call.person())}


def list_all(call: Call) -> Json:
    workspace = call.slack.workspace
    page, rest = call.page([*workspace.people.values(), workspace.bot])
    return {"members": [user_json(call, user) for user in page], "cache_ts": int(call.slack.now().timestamp()), **rest}


def lookup_by_email(call: Call) -> Json:
    wanted = call.text("email").casefold()
    for person in call.slack.workspace.people.values():
        if person.email.casefold() == wanted and not person.deleted:
            return {"user": user_json(call, person)}
    raise ApiError("users_not_found")


def user_json(call: Call, user: User) -> Json:
    """Slack's user object. The email is there only with users:read.email."""
    team_id = call.slack.workspace.team.id
    profile: Json = {
        "real_name": user.real_name,
        "display_name": user.name,
        "title": user.title,
        "team": team_id,
    }
    if not user.is_bot and "users:read.email" in call.slack.manifest.scopes:
        profile["email"] = user.email
    shown: Json = {
        "id": user.id,
        "team_id": team_id,
        "name": user.name,
        "deleted": user.deleted,
        "profile": profile,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 0,
    }
    if user.deleted:
        return shown
    return {
        **shown,
        "color": user.color.removeprefix("#"),
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_offset": user.tz_offset,
        "tz_label": user.tz,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
    }


def list_groups(call: Call) -> Json:
    with_disabled, with_users = call.flag("include_disabled"), call.flag("include_users")
    groups = [group for group in call.slack.workspace.groups.values() if group.is_enabled or with_disabled]
    return {"usergroups": [_group_json(call, group, with_users=with_users) for group in groups]}


def list_group_users(call: Call) -> Json:
    group = call.slack.workspace.groups.get(call.text("usergroup"))
    if group is None or not (group.is_enabled or call.flag("include_disabled")):
        raise ApiError("no_such_subteam")
    return {"users": list(group.users)}


def _group_json(call: Call, group: UserGroup, *, with_users: bool) -> Json:
    shown: Json = {
        "id": group.id,
        "team_id": call.slack.workspace.team.id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "date_update": group.updated,
        "date_delete": 0 if group.is_enabled else 1,
        "user_count": len(group.users),
    }
    return {**shown, "users": list(group.users)} if with_users else shown


METHODS = (
    Method("users.info", info, Tier.FOUR, ("users:read",)),
    Method("users.list", list_all, Tier.TWO, ("users:read",)),
    Method("users.lookupByEmail", lookup_by_email, Tier.THREE, ("users:read.email",)),
    Method("usergroups.list", list_groups, Tier.TWO, ("usergroups:read",)),
    Method("usergroups.users.list", list_group_users, Tier.TWO, ("usergroups:read",)),
)
