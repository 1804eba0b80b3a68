"""A telephone network to call the line from: a second, real Asterisk with callers, carriers and phones.

The demo and the tests use it. Everything that it does is SIP and RTP between two Asterisks.
"""
