"""``--refresh``: a release that the shipped data lacks is listed, and never called fine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.facts import facts, tensorflow
from builders.package_index import ARM, Site, served, wheel
from cli.console import document, tfmac
from tfmac.knowledge import store
from tfmac.schema.codec import to_json

NEW = "99.0.0"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    """An index whose one TensorFlow is newer than any that was looked at."""
    site = Site("tensorflow")
    content = wheel(NEW, "keras>=3.5.0", name="tensorflow")
    site.add(f"tensorflow-{NEW}-{ARM}.whl", content, sidecar=True)
    with served(site) as address:
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        yield site
    store.use()


@pytest.fixture
def newest(tmp_path: Path) -> Path:
    """Saved facts of an environment with that TensorFlow."""
    path = tmp_path / "facts.json"
    path.write_text(to_json(facts(tensorflow(NEW))), encoding="utf-8")
    return path


@pytest.mark.parametrize("refresh", [(), ("--refresh",)])
def test_a_release_that_was_never_looked_at(
    site: Site, newest: Path, refresh: "tuple[str, ...]"
) -> None:
    """The diagnosis says so, also after the index has named it."""
    out = tfmac("doctor", "--facts", newest, "--format", "json", *refresh).out

    found = {one["cause"]: one for one in document(out, "diagnosis")["findings"]}
    assert found["release-not-in-knowledge"]["severity"] == "note"
    assert bool(site.asked) == bool(refresh)


def test_its_pairs_are_unknown(site: Site) -> None:
    """No verdict is made up for it."""
    pair = ("--plugin", "tensorflow-metal==1.2.0", "--tensorflow", f"tensorflow=={NEW}")
    out = tfmac("knowledge", "abi", *pair, "--refresh", "--format", "json").out

    assert document(out, "abi")["verdict"] == "unknown"
    assert site.asked


def test_the_matrix_shows_it_without_a_plugin(site: Site) -> None:
    """It can be installed; what loads into it is not known."""
    out = tfmac("matrix", "--refresh", "--format", "json").out

    rows = {row["tensorflow"]: row for row in document(out, "stack-matrix")["rows"]}
    assert rows[f"tensorflow=={NEW}"]["plugin"] is None
    assert site.asked


def test_what_the_index_does_not_give_is_noted(site: Site, newest: Path) -> None:
    """The other lists keep their shipped data, and the command goes on."""
    err = tfmac("versions", "--env", newest.parent, "--refresh").err
    assert "releases/keras.json: kept as it was: answered 404" in err
    assert site.asked
