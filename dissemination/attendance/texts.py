"""What the page at the door says, for its scripts: one dictionary in the reader's language."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext


def _both(say: Callable[[int], str]) -> list[str]:
    """Singular and plural, {n} for the number: which one is said is decided on the phone."""
    return [say(1), say(2)]


def door_texts() -> dict[str, Any]:
    """Text key -> words, or [one, many]; {n}, {name}, {time} are filled in by the script."""
    return {
        "count": _("{n} of {all} in the room"),
        "left": _both(
            lambda n: ngettext(
                "%(many)s left early",
                "%(many)s left early",
                n, many="{n}",
            )
        ),
        "all_sent": _("All sent, {time}."),
        "nothing_to_send": _("Online. Nothing waits to be sent."),
        "sending": _("Sending …"),
        "offline": _both(
            lambda n: ngettext(
                "Offline: %(many)s waits to be sent.",
                "Offline: %(many)s wait to be sent.",
                n, many="{n}",
            )
        ),
        "offline_empty": _("Offline. Nothing waits to be sent; go on checking in."),
        "signed_out": _("You are signed out. What you recorded is kept on this phone: sign in to send it."),
        "sign_in": _("Sign in"),
        "no_right": _("Your account may not check people in at this workshop. What you recorded is kept."),
        "server_trouble": _(
            "The server does not answer as it should. What you recorded is kept; trying again."
        ),
        "others": _both(
            lambda n: ngettext(
                "%(many)s entry of another account waits on this phone: whoever made it has to sign in.",
                "%(many)s entries of another account wait on this phone: whoever made them has to sign in.",
                n, many="{n}",
            )
        ),
        "ready": _("Ready to work without a network."),
        "not_ready": _("Not yet ready to work without a network: wait a moment."),
        "never_ready": _("This address is not secure (https): the camera and working without a network are "
                         "switched off by the browser. Search by name works while there is a network."),
        "no_list": _("There is no list of people on this phone, and no network to fetch it."),
        "no_storage": _("This browser keeps nothing for us (private window?). Use the page without script: "
                        "it needs a network."),
        "closed": _("The workshop is closed: the list was taken off this phone. What comes in now is kept "
                    "and shown to the organiser."),
        "came": _("{name}: in the room"),
        "came_before": _("{name}: already in the room since {time}"),
        "left_now": _("{name}: left at {time}"),
        "undone": _("{name}: taken back"),
        "unknown_code": _("This code belongs to nobody on the list. It is kept and checked when it is sent."),
        "not_ours": _("This is not a code of ours."),
        "since": _("in the room since {time}"),
        "left_at": _("left at {time}"),
        "press_in": _("Check in"),
        "press_let_in": _("Let in"),
        "press_out": _("Leaves now"),
        "press_undo": _("Was a mistake"),
        "undo": _("Undo"),
        "act_in": _("in"),
        "act_out": _("out"),
        "act_new": _("came without registering"),
        "act_unknown": _("unknown code"),
        "waits": _("waits to be sent"),
        "sent": _("sent"),
        "standing": {
            "waiting": _("on the waiting list"), "requested": _("not yet approved"),
            "offered": _("has been offered a seat"),
        },
        "online": _("registered for online"),
        "outcome": {
            "without_seat": _("{name} has no seat any more. Let her in?"),
            "unknown": _("A code that was scanned at {time} belongs to nobody at this workshop."),
            "closed": _("{name}: came in after the closing. Kept, and shown to the organiser."),
            "not_now": _("{name} cannot be registered while the workshop is closed. Kept here; it is sent "
                         "again when the workshop is opened again."),
            "off": _("{name}: the workshop was called off."),
            "invalid": _("{name}: not taken. {why}"),
        },
        "drop": _("Remove"),
        "nobody": _("Nobody matches. Somebody without registration is added below."),
        "more": _both(
            lambda n: ngettext(
                "and %(many)s more: write more of the name",
                "and %(many)s more: write more of the name",
                n, many="{n}",
            )
        ),
        "camera_refused": _("The camera may not be used. Allow it in the browser's settings for this page, "
                            "or search by name."),
        "camera_missing": _("No camera was found. Search by name."),
        "camera_failed": _("The camera cannot be used now: another program may hold it. Search by name."),
        "scan": _("Scan a code"),
        "stop": _("Stop the camera"),
        "cleared": _("The list and everything else is taken off this phone."),
        "clear_waiting": _(
            "{n} entries are not sent yet and would be lost. Remove everything from this phone?"
        ),
        "name_missing": _("Write the given name and the family name."),
    }  # fmt: skip
