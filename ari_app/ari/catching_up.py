"""After a reconnect: what can be known of the time when nobody listened.

Asterisk keeps channels and bridges while the application is away, drops the events and never repeats them.
"""

from __future__ import annotations

from .applications import Applications
from .bridges import Bridges
from .channels import Channels
from .events import BridgeDestroyed, ChannelDestroyed, EventsMissed, StasisEnd
from .models import Bridge, Channel
from .resource import Sender
from .watching import Registry

LOST = "lost while disconnected"
"""The `cause_txt` of a channel whose end nobody heard of."""


def tell_of_the_gap(registry: Registry, ids: set[str], app: str) -> None:
    """Tell those who watched before the loss that events were missed."""
    registry.tell_watchers(ids, EventsMissed(application=app, synthetic=True))


async def tell_of_ends(registry: Registry, ids: set[str], app: str, send: Sender) -> None:
    """Make up the ends that were missed for the channels and bridges `ids`, so that no waiter waits for ever.

    A channel that exists, and that the application hears of no longer, has left it.
    """
    watched = ids.intersection(registry.ids())
    if not watched:
        return
    channels = {channel.id: channel for channel in await Channels(send).list()}
    bridges = {bridge.id for bridge in await Bridges(send).list()}
    heard = set((await Applications(send).get(app)).channel_ids)
    watched_bridges = watched & registry.bridges
    watched_channels = watched - watched_bridges
    for channel_id in watched_channels - channels.keys():
        gone = Channel(id=channel_id)
        registry.tell(
            channel_id, ChannelDestroyed(channel=gone, cause_txt=LOST, application=app, synthetic=True)
        )
    for channel_id in (watched_channels & channels.keys()) - heard:
        registry.tell(channel_id, StasisEnd(channel=channels[channel_id], application=app, synthetic=True))
    for bridge_id in watched_bridges - bridges:
        registry.tell(
            bridge_id, BridgeDestroyed(bridge=Bridge(id=bridge_id), application=app, synthetic=True)
        )
