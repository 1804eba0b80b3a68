"""People are told of messages that callers leave for their team: with the sound, in its language."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from ari_app.core.settings import NotifySettings, Settings
from ari_app.network.hearing import Samples, read_wav
from tests.notify.services import mail_server, until, web_hook

from .answering import Words, answering, hears_the_beep, is_asked_for_a_message, message_of
from .exchange import Place, opened
from .files import MENU_NUMBER
from .people import Person
from .troubles import line_process, line_that_stops


def telling(place: Place, more: str, **recipients: list[str]) -> Settings:
    """Return the settings of a line that takes messages, with `more` of the roster, and some recipients."""
    settings = place.settings(menu=answering(), more={"panne": more})
    addresses = {name: tuple(map(SecretStr, some)) for name, some in recipients.items()}
    return settings.model_copy(update={"notify": NotifySettings(recipients=addresses)})


async def leaves(words: Words, caller: Person) -> None:
    """Let a caller say something after the beep, and end with `#`."""
    await words.said_by(caller)
    await caller.presses("#")
    await caller.hears("message-recu")


def played(folder: Path, wav: bytes) -> Samples:
    """Return what is heard when somebody plays a file that they got."""
    path = folder / "got.wav"
    path.write_bytes(wav)
    return read_wav(path)


async def test_a_mail_tells_who_called_why_and_when_and_plays_what_they_said(
    place: Place, tmp_path: Path
) -> None:
    words = Words(tmp_path, "mailed")
    async with mail_server() as server:
        settings = telling(place, "notify: [chef]\n", chef=[server.address()])
        async with opened(place, settings) as line:
            caller = await line.takes_a_call(name="Zoé <b>@everyone</b>")
            await hears_the_beep(caller)
            await leaves(words, caller)
            message = await message_of(line, await line.record_of(caller))
            await until("the mail is there", lambda: server.mails)
    (mail,) = server.mails
    assert mail["subject"] == f"Message vocal pour panne : {caller.number}"
    text = mail.get_body(("plain",))
    assert text is not None
    said = dict(line.split(" : ", 1) for line in text.get_content().splitlines() if " : " in line)
    at = message.left_at.astimezone(ZoneInfo("Europe/Paris"))
    assert said == {
        "De": f"{caller.number} (Zoé beveryoneb)",
        "Motif": "motif",
        "Reçu": f"le {at:%d/%m/%Y} à {at:%H:%M} (Europe/Paris)",
        "Attente avant le message": said["Attente avant le message"],
        "Durée du message": f"{round(message.seconds)}s",
        "Langue de l'appelant": "fr",
        "Le fichier, sur la machine de la ligne": f"astreinte messages path {message.id}",
    }
    assert said["Attente avant le message"] in {"1s", "2s", "3s", "4s"}
    (sound,) = mail.iter_attachments()
    assert (sound.get_content_type(), sound.get_filename()) in [
        (kind, message.file) for kind in ("audio/x-wav", "audio/wav", "audio/vnd.wave")
    ]
    assert words.share_in(played(tmp_path, sound.get_content())) > 0.9


async def test_a_team_is_told_in_its_own_language_and_one_address_that_fails_keeps_nobody_from_it(
    place: Place, tmp_path: Path
) -> None:
    words = Words(tmp_path, "two")
    async with web_hook() as hook:
        more = "notify: [gone, equipe]\nlanguage: en\n"
        settings = telling(place, more, gone=["json://127.0.0.1:9/"], equipe=[hook.address])
        async with opened(place, settings) as line:
            caller = await is_asked_for_a_message(line)
            await leaves(words, caller)
            await line.record_of(caller)
            await until("the team is told", lambda: hook.bodies)
    assert hook.bodies[0]["title"] == f"Voice message for panne: {caller.number}"
    assert "Reason: reason\n" in hook.bodies[0]["message"]
    assert words.share_in(played(tmp_path, hook.attachment())) > 0.9


async def test_a_line_that_is_killed_before_a_message_is_told_tells_it_after_its_next_start(
    place: Place, tmp_path: Path
) -> None:
    words = Words(tmp_path, "told-late")
    async with web_hook() as hook:
        hook.open.clear()
        settings = telling(place, "notify: [chef]\n", chef=[hook.address])
        async with line_process(settings) as killed:
            caller = await place.caller(MENU_NUMBER)
            await caller.is_answered()
            await hears_the_beep(caller)
            await leaves(words, caller)
            await killed.logs("message.left")
            await until("the service was asked", lambda: hook.asked)
            await killed.has_stored("call.ended", caller)
            await killed.is_killed()
        assert hook.bodies == []
        hook.open.set()
        async with line_that_stops(place, settings):
            await until("it is told", lambda: hook.bodies)
    assert words.share_in(played(tmp_path, hook.attachment())) > 0.9
