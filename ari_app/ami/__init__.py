"""AMI, Asterisk's manager interface: which phones are in use or unreachable, and AstDB.

    client = AmiClient("127.0.0.1", 5038, "astreinte", secret)
    await client.start()
    client.state("alice")                                   # PhoneState.NOT_INUSE, at once
    await client.db_put("astreinte", "fallback/100", "PJSIP/alice")
    await client.close()

The AMI user needs `read = system,call` (the events FullyBooted and DeviceStateChange) and
`write = system,reporting` (AstDB and DeviceStateList), no more.
"""

from .client import AmiClient
from .phone_state import PhoneState

__all__ = ["AmiClient", "PhoneState"]
