"""Telling people: a text, with files, to names that the settings give addresses to.

    notifier.send(Notice(to=("chef",), title="Message vocal", body="…", attachments=(path,)))

`send` never waits and never fails. Each address is tried until its service takes the notice, for a day at
most, also across restarts (`Outbox`): somebody may get a notice twice, nobody misses one.
"""

from .notice import Delivery, Notice, Outbox, plain

__all__ = ["Delivery", "Notice", "Outbox", "plain"]
