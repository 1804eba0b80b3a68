"""Which Asterisk is new enough."""

from __future__ import annotations

import pytest

from ari_app.pbx.version import Version, parse_version, refusal


@pytest.mark.parametrize(
    ("printed", "release"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1\n", Version(22, 10, 1)),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5", Version(20, 6, 0)),
        ("Asterisk 22.10.1", Version(22, 10, 1)),
        ("Asterisk 23.5.0-rc2", Version(23, 5, -1)),
        ("Asterisk 22.10.1-rc1", Version(22, 10, 0)),
        ("Asterisk 24.0", Version(24, 0, 0)),
        ("Asterisk certified/22.8-cert1", None),
        ("Asterisk GIT-master-1f2e3d", None),
        ("asterisk: command not found", None),
        ("", None),
    ],
)
def test_release_is_read_from_what_asterisk_prints(printed: str, release: Version | None) -> None:
    assert parse_version(printed) == release


@pytest.mark.parametrize(
    ("release", "accepted"),
    [
        (Version(16, 28, 0), False),
        (Version(20, 20, 1), False),  # without the two holes, but without REST over WebSocket too
        (Version(22, 9, 9), False),
        (Version(22, 10, 0), False),
        (Version(22, 10, 1), True),
        (Version(22, 11, 0), True),
        (Version(23, 0, 0), False),
        (Version(23, 4, 0), False),
        (Version(23, 4, 1), True),
        (Version(24, 0, 0), True),
        (None, False),
    ],
)
def test_release_with_a_known_hole_is_refused_and_the_hole_is_named(
    release: Version | None, accepted: bool
) -> None:
    why = refusal(release)
    if accepted:
        assert why is None
    else:
        assert why is not None
        assert "GHSA-wcvv-g26m-wx5c" in why
        assert "GHSA-vrfp-mg3q-3959" in why
