"""Settings from the environment and from files of secrets, as containers and systemd give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.core.settings import InvalidEnvironment, load_settings


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "astreinte.yaml"
    path.write_text("ari: {url: 'http://192.0.2.1:8088/ari', password: from-the-file}\n", "utf-8")
    return path


def secrets(tmp_path: Path, **files: str) -> str:
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return str(folder)


@pytest.mark.parametrize("variable", ["ASTREINTE_SECRETS", "CREDENTIALS_DIRECTORY"])
def test_a_secret_file_beats_the_settings_file_and_leaves_its_neighbours(
    variable: str, tmp_path: Path, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = secrets(tmp_path, ASTREINTE_ARI__PASSWORD="from-the-secret\n", unrelated="of another program")
    monkeypatch.setenv(variable, folder)
    ari = load_settings(settings_file).ari
    assert ari.password.get_secret_value() == "from-the-secret"
    assert ari.url == "http://192.0.2.1:8088/ari"


def test_the_environment_beats_a_secret_file(
    tmp_path: Path, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTREINTE_SECRETS", secrets(tmp_path, ASTREINTE_AMI__PASSWORD="from-the-secret"))
    monkeypatch.setenv("ASTREINTE_AMI__PASSWORD", "from-the-environment")
    assert load_settings(settings_file).ami.password.get_secret_value() == "from-the-environment"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ASTREINTE_ARI__PASWORD", "x"), ("ASTREINTE_AMI__PORT", "many"), ("ASTREINTE_LIMITS__CALLS", "0")],
)
def test_a_wrong_variable_is_named_and_the_file_is_not_blamed(
    variable: str, value: str, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidEnvironment) as caught:
        load_settings(settings_file)
    assert caught.value.variables == (variable,)
    assert variable in caught.value.message
    assert str(settings_file) not in str(caught.value)


def test_a_missing_folder_of_secrets_is_told_not_passed_over(
    tmp_path: Path, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTREINTE_SECRETS", str(tmp_path / "nowhere"))
    with pytest.raises(InvalidEnvironment, match="nowhere"):
        load_settings(settings_file)
