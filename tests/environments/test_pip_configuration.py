"""The user's index, set up for pip, is the one that uv uses."""

from pathlib import Path

import msgspec
import pytest

from tfmac.environments.pip_configuration import (
    IndexSettings,
    Surroundings,
    index_settings,
    pip_files,
    redact,
)


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Path:
    """Stand in for the root of the file system."""
    (tmp_path / "home").mkdir()
    return tmp_path


def surroundings(root: Path, **variables: str) -> Surroundings:
    return Surroundings(variables=variables, home=str(root / "home"), root=str(root))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_configured_changes_nothing(root: Path) -> None:
    """Without a configuration uv is left to its own defaults."""
    assert index_settings(surroundings(root)) == IndexSettings()


def test_a_private_index_in_pip_conf_only(root: Path) -> None:
    """The commonest company set-up: one line in the user's pip.conf."""
    path = write(
        root / "home/.config/pip/pip.conf",
        "[global]\nindex-url = https://user:pass@index.example/simple\n"
        "trusted-host = index.example\n",
    )
    settings = index_settings(surroundings(root))
    assert settings.variables == {
        "UV_DEFAULT_INDEX": "https://user:pass@index.example/simple",
        "UV_INSECURE_HOST": "index.example",
    }
    assert settings.sources == (str(path),)


def test_several_indexes_are_merged_as_pip_does(root: Path) -> None:
    """Extra indexes count as much as the first: the best version of all wins."""
    write(
        root / "etc/pip.conf",
        "[global]\nextra-index-url =\n    https://a.example/simple\n    https://b.example/simple\n"
        "find-links = /wheels /more\ncert = /ca.pem\nproxy = proxy.example:3128\n",
    )
    assert index_settings(surroundings(root)).variables == {
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/ca.pem",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
    }


def test_variables_win_over_files_and_later_files_over_earlier(root: Path) -> None:
    """The order of pip: global, user, environment, PIP_CONFIG_FILE, variables."""
    for name, place in (("global", "etc/pip.conf"), ("user", "home/.pip/pip.conf")):
        write(root / place, f"[global]\nindex-url = https://{name}.example\n")
    write(root / "venv/pip.conf", "[install]\nindex-url = https://venv.example\n")
    named = write(root / "named.conf", "[global]\nindex-url = https://named.example\n")

    def index(**variables: str) -> str:
        return index_settings(surroundings(root, **variables)).variables["UV_DEFAULT_INDEX"]

    assert index() == "https://user.example"
    assert index(PIP_CONFIG_FILE=str(named)) == "https://named.example"
    # [install] is about this command alone, so it wins over [global] of any file.
    assert index(VIRTUAL_ENV=str(root / "venv"), PIP_CONFIG_FILE=str(named)) == (
        "https://venv.example"
    )
    assert index(PIP_INDEX_URL="https://variable.example") == "https://variable.example"


def test_no_files_when_pip_was_told_so(root: Path) -> None:
    """PIP_CONFIG_FILE=/dev/null switches all files off."""
    write(root / "etc/pip.conf", "[global]\nindex-url = https://global.example\n")
    assert pip_files(surroundings(root, PIP_CONFIG_FILE="/dev/null")) == []
    assert index_settings(surroundings(root, PIP_CONFIG_FILE="/dev/null")) == IndexSettings()


def test_no_index(root: Path) -> None:
    """Without an index only the links count; uv has no variable for that."""
    settings = index_settings(surroundings(root, PIP_NO_INDEX="1", PIP_FIND_LINKS="/wheels"))
    assert settings.options == ("--no-index",)
    assert settings.variables == {"UV_FIND_LINKS": "/wheels"}
    assert index_settings(surroundings(root, PIP_NO_INDEX="off")) == IndexSettings()


def test_places_on_a_mac(root: Path) -> None:
    """On macOS pip reads Application Support, and ~/.config where that folder is missing."""
    here = msgspec.structs.replace(surroundings(root), macos=True)
    home = root / "home"
    assert str(home / ".config/pip/pip.conf") in pip_files(here)
    place = write(home / "Library/Application Support/pip/pip.conf", "")
    assert str(place) in pip_files(here)
    assert str(root / "Library/Application Support/pip/pip.conf") in pip_files(here)
    assert str(home / ".config/pip/pip.conf") not in pip_files(here)


def test_places_by_xdg(root: Path) -> None:
    """XDG_CONFIG_HOME and XDG_CONFIG_DIRS move pip's files on Linux."""
    files = pip_files(surroundings(root, XDG_CONFIG_HOME="/own", XDG_CONFIG_DIRS="/one:/two"))
    assert files[:3] == ["/one/pip/pip.conf", "/two/pip/pip.conf", str(root / "etc/pip.conf")]
    assert files[-1] == "/own/pip/pip.conf"


@pytest.mark.parametrize(
    "line",
    ['index-url = "https://x"', "[[index]]\nurl = 'x'", "[pip]\nno-index=true", "[[pip.index]]"],
)
def test_an_index_of_uvs_own_is_left_alone(root: Path, line: str) -> None:
    """Who has set up uv means it; certificates from pip still help."""
    write(root / "home/.config/uv/uv.toml", f"# settings\n{line}\n")
    variables = {"PIP_INDEX_URL": "https://pip.example", "PIP_CERT": "/ca.pem"}
    settings = index_settings(surroundings(root, **variables))
    assert settings.variables == {"SSL_CERT_FILE": "/ca.pem"}


def test_variables_of_uvs_own_are_left_alone(root: Path) -> None:
    """The same for uv's variables; a uv.toml about other things does not count."""
    write(root / "etc/uv/uv.toml", 'cache-dir = "/cache"\n')
    variables = {"PIP_INDEX_URL": "https://pip.example", "PIP_TIMEOUT": "7.4"}
    chosen = index_settings(surroundings(root, **variables)).variables
    assert chosen == {"UV_DEFAULT_INDEX": "https://pip.example", "UV_HTTP_TIMEOUT": "7"}
    mine = surroundings(root, UV_INDEX="https://uv.example", UV_HTTP_TIMEOUT="3", **variables)
    assert index_settings(mine) == IndexSettings()


def test_a_damaged_file_is_passed_over(root: Path) -> None:
    """A file that pip itself would refuse is no reason to fail."""
    write(root / "etc/pip.conf", "index-url = https://no-section.example\n")
    assert index_settings(surroundings(root)) == IndexSettings()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://me:secret@host/simple", "see https://***@host/simple"),
        ("https://me:se@cret@host", "https://***@host"),
        ("https://token@host/a and http://u:p@b/c", "https://***@host/a and http://***@b/c"),
        ("https://host/simple/@scope", "https://host/simple/@scope"),
    ],
)
def test_credentials_are_never_shown(text: str, shown: str) -> None:
    """No message repeats a password."""
    assert redact(text) == shown
