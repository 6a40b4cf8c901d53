"""``tfmac inspect``: what a model file is, who wrote it, and who loads it."""

import json
from pathlib import Path

import pytest

from builders.model_files import write_archive, write_hdf5
from builders.models import layer_2, model
from cli.console import document, refused, started, tfmac

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 12345\n"
)


def test_a_model_in_hdf5() -> None:
    """Its format, writer, layers and numbers, and who loads it."""
    write_hdf5(Path("m.h5"))
    code, out, err = tfmac("inspect", "m.h5")

    assert (code, err) == (0, "")
    assert out.startswith("m.h5\n  format    Keras model, HDF5, ")
    assert "states Keras 2.9.0, backend tensorflow" in out
    assert "before 3.0" in out
    assert "total     15 parameters: 15 trainable, 0 not" in out
    assert "readers   loads in all" in out


def test_a_folder_is_searched() -> None:
    """Every model in it is reported, and a SavedModel's folder is one."""
    for folder in ("all/deep", "all/saved/variables"):
        Path(folder).mkdir(parents=True)
    write_hdf5(Path("all/deep/a.h5"))
    write_archive(Path("all/b.keras"))
    Path("all/notes.txt").write_text("no model")
    Path("all/saved/saved_model.pb").write_bytes(b"\x08\x01")
    page = document(tfmac("inspect", "all", "--format", "json").out, "models")

    assert [(one["path"], one["format"]) for one in page["models"]] == [
        ("all/b.keras", "keras-archive"),
        ("all/deep/a.h5", "keras-hdf5"),
        ("all/saved", "saved-model"),
    ]
    assert page["models"][0]["parameters"]["total"] == 15
    assert page["models"][0]["writer"]["keras"] == "3.3.3"


def test_a_path_that_is_given_twice_is_one_model() -> None:
    """A folder may hold a file that is named beside it."""
    Path("all").mkdir()
    write_hdf5(Path("all/m.h5"))
    page = document(tfmac("inspect", "all", "all/m.h5", "--format", "json").out, "models")

    assert [one["path"] for one in page["models"]] == ["all/m.h5"]


def test_readers_that_are_named() -> None:
    """Each is answered as it was given, in its order; the exit code says nothing of it."""
    write_hdf5(Path("m.h5"))
    readers = ("tensorflow==2.18.1,keras==3.8.0", "tensorflow==2.9.3")
    options = [part for one in readers for part in ("--reader", one)]
    code, out, err = tfmac("inspect", "m.h5", *options, "--format", "json")

    assert (code, err) == (0, "")
    (found,) = document(out, "models")["models"]
    assert [one["reader"] for one in found["loadability"]] == list(readers)
    assert found["newest_reader"] is None
    text = tfmac("inspect", "m.h5", *options).out
    assert "tensorflow==2.9.3  loads" in text


def test_readers_that_matter() -> None:
    """Without a name all of them are judged, and the newest that loads it is one that does."""
    write_hdf5(Path("m.h5"))
    (found,) = document(tfmac("inspect", "m.h5", "--format", "json").out, "models")["models"]

    assert len(found["loadability"]) > 20
    loading = [one["reader"] for one in found["loadability"] if one["verdict"] == "loads"]
    assert found["newest_reader"] == loading[-1]


@pytest.mark.parametrize("reader", ["", "tensorflow", "tensorflow>=2.9", "numpy==1.0", "x" * 999])
def test_a_reader_that_is_none(reader: str) -> None:
    """A usage error that says how one is written; no file is read for it."""
    write_hdf5(Path("m.h5"))

    refused(tfmac("inspect", "m.h5", "--reader", reader), 2, "tensorflow==X")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (POINTER.encode(), "git-lfs-pointer"),
        (b"<!DOCTYPE html><html><title>Sign in</title></html>", "html-page"),
        (b"", "empty"),
        (b"anything", "unknown"),
    ],
)
def test_what_was_saved_in_place_of_a_model(content: bytes, kind: str) -> None:
    """It is named as what it is, and the answer is no."""
    Path("m.h5").write_bytes(content)
    code, out, err = tfmac("inspect", "m.h5", "--format", "json")

    assert (code, err) == (1, "")
    (found,) = document(out, "models")["models"]
    assert found["format"] == kind
    assert found["problems"]


def test_a_damaged_file_hides_no_other() -> None:
    """Its problems are said, the others are reported, and the code is 1."""
    write_hdf5(Path("a.h5"))
    Path("b.h5").write_bytes(Path("a.h5").read_bytes()[:3000])
    code, out, err = tfmac("inspect", "a.h5", "b.h5")

    assert (code, err) == (1, "")
    assert "a.h5\n" in out
    assert "total     15 parameters" in out
    assert "problem " in out
    assert "Traceback" not in out


def test_nothing_to_inspect() -> None:
    """A path that is not there, and a folder without a model, are each named."""
    Path("empty").mkdir()
    Path("empty/notes.txt").write_text("no model")

    refused(tfmac("inspect", "gone.h5"), 3, "gone.h5")
    refused(tfmac("inspect", "empty"), 3, "empty")
    refused(tfmac("inspect"), 2, "PATH")


def test_all_layers() -> None:
    """Some forty are shown without the option."""
    many = model("Sequential", "s", *(layer_2("Dense", f"d{number}") for number in range(60)))
    write_hdf5(Path("m.h5"), many)

    assert "d59" not in tfmac("inspect", "m.h5").out
    assert "d59" in tfmac("inspect", "m.h5", "--all-layers").out


def test_a_lambda_is_not_run() -> None:
    """Byte code that would leave a file behind leaves none."""
    import base64
    import marshal

    sign = Path("it-ran").resolve()
    code = compile(f"open({str(sign)!r}, 'w').close()", "evil", "exec")
    text = base64.b64encode(marshal.dumps(code)).decode()
    layer = layer_2("Lambda", "lam", function=[text, None, None], function_type="lambda")
    write_hdf5(Path("m.h5"), model("Sequential", "s", layer))
    (found,) = document(tfmac("inspect", "m.h5", "--format", "json").out, "models")["models"]

    assert not sign.exists()
    assert found["lambdas"][0]["globals"] == ["open"]
    assert [one["what"] for one in found["executes"]] == ["runs its Python byte code"]
    assert any("open" in one["statement"] for one in found["suspicious"])


def test_without_the_extra(tmp_path: Path) -> None:
    """What has to be installed is said."""
    (tmp_path / "h5py.py").write_text(
        "raise ModuleNotFoundError('No module named h5py', name='h5py')"
    )
    write_hdf5(Path("m.h5"))

    refused(started("inspect", "m.h5", PYTHONPATH=str(tmp_path)), 4, "tfmac[models]")


def test_without_the_extra_an_architecture_is_read(tmp_path: Path) -> None:
    """Only what HDF5 holds needs the library."""
    (tmp_path / "h5py.py").write_text(
        "raise ModuleNotFoundError('No module named h5py', name='h5py')"
    )
    Path("m.json").write_text(json.dumps(model("Sequential", "s", layer_2("Dense", "d"))))
    code, out, _ = started("inspect", "m.json", PYTHONPATH=str(tmp_path))

    assert code == 0
    assert "Keras architecture, JSON" in out


def test_from_a_program() -> None:
    """The library has the same answer."""
    from tfmac import api

    write_hdf5(Path("m.h5"))
    (found,) = api.inspect_model("m.h5", Path("m.h5"), readers=["tensorflow==2.9.3"]).models

    assert found.parameters is not None
    assert found.parameters.total == 15
    assert [one.reader for one in found.loadability] == ["tensorflow==2.9.3"]


def test_help_and_format() -> None:
    """The command describes itself and takes ``--format text|json``."""
    code, out, err = tfmac("inspect", "--help")

    assert (code, err) == (0, "")
    assert out.startswith("Usage: tfmac inspect")
    assert "[text|json]" in out
    refused(tfmac("inspect", "m.h5", "--format", "xml"), 2, "'xml'")
