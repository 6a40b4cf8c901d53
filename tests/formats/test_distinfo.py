"""METADATA, RECORD and WHEEL as installers and careless tools write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import trees
from tfmac.formats.distinfo import (
    InvalidMetadata,
    is_native,
    listed_paths,
    native_sizes,
    normalise,
    parse_metadata,
    parse_wheel_tags,
    top_level_names,
)

PLAIN = b"Metadata-Version: 2.1\nName: Ml_Dtypes\nVersion: 0.5.1\n"


def test_headers_are_read_and_the_name_is_normalised() -> None:
    """A name is given in the one form in which names are compared."""
    metadata = parse_metadata(PLAIN + b"Requires-Python: >=3.9\nRequires-Dist: numpy>=1.21\n")

    assert (metadata.name, metadata.version) == ("ml-dtypes", "0.5.1")
    assert metadata.requires == ("numpy>=1.21",)
    assert metadata.requires_python == ">=3.9"


def test_a_folded_header_is_one_line() -> None:
    """A line that begins with white space continues the header before it."""
    metadata = parse_metadata(PLAIN + b"Requires-Dist: numpy>=1.21;\n  python_version < '3.10'\n")

    assert metadata.requires == ("numpy>=1.21; python_version < '3.10'",)


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"], ids=["crlf", "lf"])
def test_line_endings_do_not_matter(ending: bytes) -> None:
    """Files written on Windows are read like others, their description left alone."""
    data = (PLAIN + b"Requires-Dist: wrapt\n\nRequires-Dist: six\n").replace(b"\n", ending)

    assert parse_metadata(data).requires == ("wrapt",)


def test_a_byte_order_mark_is_passed_over() -> None:
    """A byte order mark belongs to no header, not even to the first."""
    assert parse_metadata(b"\xef\xbb\xbfName: keras\nVersion: 3.8.0\n").name == "keras"


def test_only_line_ends_end_a_header() -> None:
    """A form feed or a Unicode line separator inside a header begins no new one."""
    text = "Name: keras\nVersion: 3.8.0\nSummary: a\u2028Requires-Dist: b\x0cRequires-Dist: c\n"

    assert parse_metadata(text.encode()).requires == ()


def test_headers_in_another_encoding_are_refused_with_the_byte() -> None:
    """Headers that are not UTF-8 are damage, and the message says where."""
    with pytest.raises(InvalidMetadata, match=r"not UTF-8 \(byte 21\)"):
        parse_metadata(b"Name: keras\nAuthor: M\xfcller\nVersion: 3.8.0\n")


def test_a_description_in_another_encoding_does_not_matter() -> None:
    """What stands below the headers is not read."""
    assert parse_metadata(PLAIN + b"\nM\xfcller wrote this.\n").name == "ml-dtypes"


@pytest.mark.parametrize(
    "data",
    [b"", b"Version: 1\n", b"Name: x\n", b"Name:\nVersion: 1\n", b"Name: x\nVersion:\n", b"\0\0"],
    ids=["empty", "no-name", "no-version", "empty-name", "empty-version", "binary"],
)
def test_metadata_without_name_or_version_is_refused(data: bytes) -> None:
    """A distribution without a name or a version is none."""
    with pytest.raises(InvalidMetadata, match="no Name or no Version"):
        parse_metadata(data)


@given(st.binary() | st.binary().map(PLAIN.__add__))
def test_arbitrary_metadata_is_read_or_refused(data: bytes) -> None:
    """Whatever the bytes are, nothing but ``InvalidMetadata`` is raised."""
    try:
        metadata = parse_metadata(data)
    except InvalidMetadata:
        return
    assert metadata.name == normalise(metadata.name)
    assert metadata.version


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    ("line", "path", "size"),
    [
        ("keras/a.so,sha256=x,12", "keras/a.so", 12),
        ("keras/a.so,,", "keras/a.so", None),
        ("lib/libx.so.2,sha256=x,7", "lib/libx.so.2", 7),
        ('"data/a,b.dylib",sha256=x,7', "data/a,b.dylib", 7),
        ('"data/say ""hi"".so",sha256=x,7', 'data/say "hi".so', 7),
        ("a.so", "a.so", None),
        ("a.so,12", "a.so", None),
        ("a.so,sha256=x,twelve", "a.so", None),
        ("a.so,sha256=x,-1", "a.so", None),
        ("a.so,sha256=x,\u0661\u0662", "a.so", None),
        ("a.so,sha256=x," + "9" * 5000, "a.so", None),
    ],
)
def test_a_line_of_record_is_a_path_and_a_size(
    line: str, path: str, size: int, ending: str
) -> None:
    """A line gives its path as written, and its size where there is a readable one."""
    record = f"before.py,sha256=x,1{ending}{line}{ending}{ending}after.so,sha256=x,1"

    assert listed_paths(record) == ("before.py", path, "after.so")
    assert native_sizes(record) == {path: size, "after.so": 1}


@pytest.mark.parametrize("record", ["", "\n\n", "\r\n", ",,\n", ",\n", '"",,\n'])
def test_a_line_without_a_path_lists_nothing(record: str) -> None:
    """Empty lines and lines without a path are no files."""
    assert listed_paths(record) == ()
    assert native_sizes(record) == {}


def test_a_quotation_mark_that_is_never_closed_ends_the_reading() -> None:
    """What stands before an endless field is still read, however long the field is."""
    record = 'a.so,sha256=x,1\n"' + "b" * 200_000

    assert listed_paths(record) == ("a.so",)
    assert native_sizes(record) == {"a.so": 1}


ANY_RECORD = st.text() | st.text(alphabet='a/.so",\n\r\0 1')


@given(ANY_RECORD)
def test_an_arbitrary_record_never_fails(record: str) -> None:
    """Whatever RECORD holds, reading it yields paths, native ones among them, and names."""
    paths = listed_paths(record)

    assert all(paths)
    assert all(top_level_names(paths))
    assert all(is_native(path) for path in native_sizes(record))
    assert set(native_sizes(record)) <= set(paths)


@given(st.lists(st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3}(\.so)?(\.\d)?)?", fullmatch=True)))
def test_quotes_somewhere_do_not_change_other_lines(paths: "list[str]") -> None:
    """The quick reading of plain lines and the thorough one of quoted lines agree."""
    plain = "".join(f"{path},sha256=x,{number}\n" for number, path in enumerate(paths))
    quoted = plain + '"quoted.py",,\n'

    assert listed_paths(quoted) == (*listed_paths(plain), "quoted.py")
    assert native_sizes(quoted) == native_sizes(plain)


def test_top_level_names_are_what_lies_in_site_packages() -> None:
    """Metadata folders, byte code and files outside site-packages are not top-level names."""
    paths = [
        "keras/__init__.py",
        "keras/src/a.py",
        "_keras.so",
        "__pycache__/six.cpython-312.pyc",
        "../../../bin/keras",
        "/etc/keras.cfg",
        "keras-3.8.0.dist-info/RECORD",
        "keras.egg-info/PKG-INFO",
    ]

    assert top_level_names(paths) == ("_keras.so", "keras")


def test_wheel_tags_are_those_of_tag_lines() -> None:
    """Every line that begins with Tag is one, and no other."""
    text = "Wheel-Version: 1.0\r\nTag: cp312-cp312-macosx_12_0_arm64\r\nTag: py3-none-any\r\n"

    assert parse_wheel_tags(text) == (*trees.ARM_MAC_TAGS, "py3-none-any")


@pytest.mark.parametrize(
    ("path", "native"),
    [
        ("a/x.so", True),
        ("a/libx.so.2", True),
        ("a/libx.2.dylib", True),
        ("a/x.pyd", True),
        ("a.so.d/x.py", False),
        ("a/x.sos", False),
    ],
)
def test_native_files_are_told_by_name(path: str, native: bool) -> None:  # noqa: FBT001
    """A file is native code by its own name, whatever its folder is called."""
    assert is_native(path) is native
