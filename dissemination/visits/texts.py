"""What the page of a visit says, for its scripts: one dictionary in the reader's language."""

from flask_babel import gettext as _


def visit_texts() -> dict[str, str]:
    """Text key -> words; {n}, {name}, {time} … are filled in by the script."""
    return {
        "kept": _("Kept on this device, {time}. Not sent yet."),
        "nothing_yet": _("Nothing was written on this device yet."),
        "online": _("Online."),
        "all_sent": _("All sent, {time}."),
        "sending": _("Sending …"),
        "offline": _("Offline."),
        "waits": _("Offline. The visit is kept on this device and leaves as soon as there is a network "
                   "and this page is open."),
        "no_data": _("Offline, and this visit was not opened on this device "
                   "before: open it once with a network."),
        "signed_out": _("You are signed out. What you wrote is kept on this "
                   "device: sign in, and it goes on."),
        "sign_in": _("Sign in"),
        "no_right": _("Your account may not write about this audit, or it is "
                   "gone. What you wrote is kept on this device."),
        "server_trouble": _("The server does not answer as it should. What you wrote is kept; trying again."),
        "refused": _("Not taken: {why} Correct it and send again; everything is kept."),
        "arrived": _("The visit has arrived at the desk."),
        "to_compare": _("The visit has arrived. Somebody had changed the audit meanwhile: nothing was "
                        "overwritten, compare both on the audit's page."),
        "not_kept": _("This device has no room left: what you write is not kept. "
                   "Send it now, or write it down elsewhere."),
        "no_room": _("This device has no room left for photos."),
        "no_storage": _("This browser keeps nothing for us (private window?). "
                   "Use the desk's form: it needs a network."),
        "ready": _("Ready to work without a network."),
        "not_ready": _("Not yet ready to work without a network: wait a moment."),
        "never_ready": _("This address is not secure (https): working without a "
                   "network is switched off by the browser."),
        "area": _("Area {n}"),
        "remove_area": _("Remove the area “{name}” with everything written about it?"),
        "remove_photo": _("Remove this photo? It is only on this device, and was not sent yet."),
        "add_contact": _("Add {name}"),
        "area_without_title": _("Give each improvement area a title."),
        "day_missing": _("Enter the day of the visit."),
        "signer_missing": _("Write the name of the person who signed."),
        "photos": _("{here} on this device, {sent} sent; at most {most}."),
        "photo_kept": _("The photo is kept on this device."),
        "photo_unreadable": _("This picture cannot be read here. Try a JPEG or PNG."),
        "too_many": _("An audit keeps no more photos."),
        "clear_sure": _("Remove what was written on this device and not sent? It cannot be brought back."),
        "cleared": _("Nothing of this visit is kept on this device any more."),
    }  # fmt: skip
