"""The address of somebody who is told things, as apprise reads it. Who knows it can write to them: it is
never shown whole."""

from __future__ import annotations

import re

from .documents import mistake
from .suggest import nearest

LONGEST = 2048
_ADDRESS = re.compile(r"([a-z0-9]+)://[^\s]+", re.IGNORECASE)
_SERVICES = {
    "mail": (
        "mailto mailtos brevo groundmail mailersend mailgun o365 postmark resend sendgrid sendpulse ses "
        "smtp2go sparkpost"
    ),
    "SMS and calls": (
        "46elks atalk bulksms bulkvs burstsms clickatell clicksend cm d7sms dapnet eight00com elks exotel "
        "freemobile gupshup httpsms infobip kaleyra kavenegar kudosity mobilemessage mobilemsg msg91 "
        "msgbird nexmo notifyre octopush plivo ringc serwersms seven sfr sinch smsc smseagle smseagles "
        "smsmanager smsmgr smstunnel sns telesign telnyx threema twilio voipms vonage"
    ),
    "talk in teams": (
        "azure discord dingtalk feishu flock gchat groupme guilded humhub humhubs kook lark line matrix "
        "matrixs mmost mmosts nctalk nctalks rocket rockets ryver signal signals slack stackfield "
        "synology synologys tgram twist viber webex wechat wecombot whapi whatsapp workflow workflows "
        "wxteams zoom zulip"
    ),
    "telephones and screens": (
        "bark barks chanify gotify gotifys hassio hassios ifttt join ncloud nclouds notica noticas ntfy "
        "ntfys onesignal pbul pover prowl pushdeer pushdeers pushed pushy simplepush spush"
    ),
    "incidents": (
        "betterstack firehydrant goalert goalerts ilert incidentio opsgenie pagerduty pagertree signl4 "
        "spike splunk squadcast victorops xmatters"
    ),
    "programs of one's own": "apprise apprises form forms json jsons xml xmls",
}
SERVICES = frozenset(" ".join(_SERVICES.values()).split())
"""Those of apprise's that send over the network, to people: none that runs a program or writes on this
machine (`syslog`, `dbus`), none that the public reads, none whose library is not installed with the line."""


def notice_address(text: str) -> str:
    """Return an address that looks like one. Raises pydantic's custom error, without the address."""
    match = _ADDRESS.fullmatch(text)
    if match is None or len(text) > LONGEST or not text.isprintable():
        raise mistake(
            "this is not an address that notices can be sent to",
            found="an address that is not shown here",
            expected="an address of apprise, such as `mailto://USER:PASSWORD@HOST?to=…` or `ntfy://TOPIC`",
            remedy="write it as docs/notices.md shows; signs such as `@` within a password are written %40",
        )
    service = match[1].lower()
    if service not in SERVICES:
        near = nearest(service, SERVICES)
        raise mistake(
            f"notices cannot be sent by `{service[:20]}`",
            found="an address that is not shown here",
            expected="a service that reaches people over the network: mail, SMS, Slack, ntfy …",
            remedy=f"did you mean `{near}`?" if near else "name another service (docs/notices.md)",
        )
    return text


def service_of(address: str) -> str:
    """Return what may be shown of an address: by which service it is reached."""
    return address.partition(":")[0].lower()


def without_secrets(text: str, address: str) -> str:
    """Return what a service said, without any part of the address that it was reached at."""
    parts = {part for part in re.split(r"[/:@?&=,;#]+", address) if len(part) > 3}
    for part in sorted(parts - {service_of(address)}, key=len, reverse=True):
        text = re.sub(re.escape(part), "…", text, flags=re.IGNORECASE)
    return text
