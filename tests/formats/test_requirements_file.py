"""Requirements files as people write them, and held against pip's own reader of them."""

import importlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmac.formats.requirements_file import InvalidRequirementsFile, Line, read_requirements


class Files:
    """A folder of files in memory, which counts how often it is read."""

    def __init__(self, **texts: str) -> None:
        self.texts = {name.replace("_", "."): text for name, text in texts.items()}
        self.reads = 0

    def read(self, path: str) -> str:
        self.reads += 1
        if path not in self.texts:
            raise FileNotFoundError(2, "no such file")
        return self.texts[path]


def lines(text: str, **others: str) -> "tuple[Line, ...]":
    return read_requirements("a.txt", Files(a_txt=text, **others).read)


def texts(text: str, **others: str) -> "list[str]":
    return [line.text for line in lines(text, **others)]


def test_requirements_have_their_places() -> None:
    """Comments and blank lines are passed over, markers and extras kept."""
    text = (
        "# what we need\n\nkeras>=3  # not 2\n"
        "numpy<2 ; python_version < '3.10'\ntensorflow[and-cuda]\n"
    )
    assert lines(text) == (
        Line(text="keras>=3", origin="a.txt:3"),
        Line(text="numpy<2 ; python_version < '3.10'", origin="a.txt:4"),
        Line(text="tensorflow[and-cuda]", origin="a.txt:5"),
    )


def test_a_continued_line_has_its_first_number() -> None:
    """Hashes stand on continued lines and are taken off."""
    text = "keras==3.8.0 \\\n    --hash=sha256:aa \\\n    --hash sha256:bb\nnumpy\n"
    assert lines(text) == (
        Line(text="keras==3.8.0", origin="a.txt:1"),
        Line(text="numpy", origin="a.txt:4"),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("keras\\\n>=3", ["keras>=3"]),
        ("keras \\\n# a comment ends it\nnumpy", ["keras", "numpy"]),
        ("keras # no \\\nnumpy", ["keras"]),
        ("keras\\", ["keras"]),
        ("# a comment is not continued \\\nkeras", ["keras"]),
        ("keras\r\nnumpy\rscipy", ["keras", "numpy", "scipy"]),
        ("keras\x0cnumpy", ["keras", "numpy"]),
        ("  keras\t", ["keras"]),
        ("helper @ https://index.example/h.whl#sha256=aa", None),
        ("helper @ git+https://index.example/h@main", None),
        ("helper @ file:///folder/h.whl", None),
        ("helper@https://index.example/h.whl", None),
        ("", []),
    ],
)
def test_lines_are_those_of_pip(text: str, found: "list[str] | None") -> None:
    """Continuation, comments and line ends follow pip; direct references stay as they are."""
    assert texts(text) == ([text] if found is None else found)


def test_an_included_file_stands_in_its_place() -> None:
    """Its path is relative to the file that includes it; a constraint is known for one."""
    files = Files()
    files.texts = {
        "top/a.txt": "keras\n-r more/b.txt\n--constraint=../c.txt\nnumpy",
        "top/more/b.txt": "--requirement 'd e.txt'",
        "top/more/d e.txt": "scipy",
        "top/../c.txt": "numpy<2",
    }
    assert read_requirements("top/a.txt", files.read) == (
        Line(text="keras", origin="top/a.txt:1"),
        Line(text="scipy", origin="top/more/d e.txt:1"),
        Line(text="numpy<2", origin="top/../c.txt:1", constraint=True),
        Line(text="numpy", origin="top/a.txt:4"),
    )


def test_a_file_may_be_included_twice() -> None:
    """Two ways to one file are no circle."""
    assert texts("-r b.txt\n-r b.txt", b_txt="keras") == ["keras", "keras"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("keras\n-r a.txt", r"a\.txt:2: a\.txt includes itself"),
        ("-r b.txt", r"b\.txt:1: \./a\.txt includes itself"),
        ("-r https://index.example/r.txt", r"a\.txt:1: .* is an address"),
        ("-r missing.txt", r"a\.txt:1: missing\.txt cannot be read: no such file"),
        ("-r b.txt -r c.txt", r"a\.txt:1: pip reads one file a line.* c\.txt"),
        ("keras -r b.txt", r"a\.txt:1: pip reads one file a line"),
        ("-r", r"a\.txt:1: -r has no value"),
    ],
)
def test_an_include_that_cannot_be_followed_is_named(text: str, wanted: str) -> None:
    """The message leads to the line that asks for the file."""
    with pytest.raises(InvalidRequirementsFile, match=f"^{wanted}"):
        lines(text, b_txt="-r ./a.txt")


def test_the_first_file_has_to_be_there() -> None:
    """What the reader of files says of the first one is said with its name."""
    with pytest.raises(InvalidRequirementsFile, match=r"^x\.txt: x\.txt cannot be read: no such"):
        read_requirements("x.txt", Files().read)


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("embedded null byte")])
def test_whatever_cannot_be_read_is_said(error: Exception) -> None:
    """An encoding that is wrong and a path with a NUL are errors of the file."""

    def read(_path: str) -> str:
        raise error

    with pytest.raises(InvalidRequirementsFile, match=f"cannot be read: {error}"):
        read_requirements("a.txt", read)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("-i https://index.example", "--index-url .* own configuration"),
        ("--index-url=https://index.example", "--index-url .* own configuration"),
        ("--extra-index-url https://index.example", "--extra-index-url .* own configuration"),
        ("-f folder", "--find-links .* own configuration"),
        ("--no-index", "--no-index .* own configuration"),
        ("--pre", "--pre is not for a plan: plans hold stable releases"),
        ("keras --pre", "--pre is not for a plan"),
        ("--no-binary :all:", "--no-binary .* configuration of uv or pip"),
        ("--only-binary=:all:", "--only-binary .* configuration of uv or pip"),
        ("-e .", "--editable .* install it afterwards"),
        ("-e git+https://index.example/h#egg=h", "--editable .* install it afterwards"),
        ("keras --config-settings a=b", "--config-settings .* take it off"),
        ("keras --unheard-of", "does not know the option --unheard-of"),
        ("-x", "'-x' is not an option"),
        ("keras --hash=sha256:aa numpy", "'numpy' is not an option"),
        ("keras --hash='", "quotation mark is not closed"),
        ("keras --hash=aa", "write --hash=sha256:DIGEST"),
        ("keras --hash=md5:aa", "write --hash=sha256:DIGEST"),
        ("keras --hash", "--hash has no value"),
        ("keras==${VERSION}", r"write the value of \$\{VERSION\}"),
        ("./folder", "'./folder' is a path"),
        ("folder/keras[tf]", "'folder/keras' is a path"),
        ("~/keras", "is a path"),
        ("keras-3.8.0-py3-none-any.whl", "is a path"),
        ("KERAS.TAR.GZ", "is a path"),
        ("https://index.example/h.whl", "says no name; write NAME @ https"),
        ("git+ssh://git@index.example/h", "says no name"),
        ("helper @ ./folder", "is not an address"),
        ("keras=3", "is not a requirement"),
        ("keras numpy", "is not a requirement"),
        ("; python_version > '3'", "is not a requirement"),
        ("keras ; version > '3'", "is not a requirement"),
        (r"keras ; platform_version == '\x'", "is not a requirement"),
        ("keras ; " + "(" * 1_500 + "os_name == 'a'" + ")" * 1_500, "is not a requirement"),
        ("keras==" + "1" * 4_000, "longer than 4000 characters"),
        ("keras " + "--hash=a " * 12_000, "longer than 100000 characters"),
    ],
)
def test_what_cannot_be_honoured_is_an_error(line: str, wanted: str) -> None:
    """What would change the answer is never passed over, and the message says what to do."""
    with pytest.raises(InvalidRequirementsFile, match=rf"^a\.txt:2: .*{wanted}"):
        lines(f"numpy\n{line}\n")


@pytest.mark.parametrize(
    "line",
    ["--require-hashes", "--prefer-binary", "--trusted-host index.example", "--use-feature=x"],
)
def test_what_changes_no_answer_is_passed_over(line: str) -> None:
    """They are about how files are fetched."""
    assert texts(f"{line}\nkeras") == ["keras"]


def test_a_constraint_has_no_extras() -> None:
    """Neither pip nor uv knows what such a constraint would mean."""
    assert texts("keras[x]") == ["keras[x]"]
    with pytest.raises(InvalidRequirementsFile, match=r"^b\.txt:1: a constraint has no extras"):
        lines("-c b.txt", b_txt="keras[x]")


def test_size_is_bounded() -> None:
    """Neither many lines nor long ones cost more than a file of somebody's would."""
    with pytest.raises(InvalidRequirementsFile, match="20000 lines"):
        lines("keras\n" * 20_001)
    with pytest.raises(InvalidRequirementsFile, match="2000000 characters"):
        lines(" " * 2_000_001)


def test_includes_are_bounded() -> None:
    """Files that include each other twice do not multiply, and a long chain has an end."""
    files = Files()
    files.texts = {f"{n}.txt": f"-r {n + 1}.txt\n-r {n + 1}.txt" for n in range(9)}
    files.texts["9.txt"] = "keras"
    with pytest.raises(InvalidRequirementsFile, match="more than 100 files"):
        read_requirements("0.txt", files.read)
    assert files.reads == 100
    files.texts = {f"{n}.txt": f"-r {n + 1}.txt" for n in range(50)}
    with pytest.raises(InvalidRequirementsFile, match="more than 10 files include each other"):
        read_requirements("0.txt", files.read)


PARTS = st.sampled_from(
    [
        *("keras", "numpy<2", "tf_keras >= 2.15", "a[b,c]==1.0", "x @ https://index.example/x"),
        *("; python_version < '3.10'", ";os_name=='a#b'", "; os_name == 'a #b'", "\\", "\\\n"),
        *("\n", "\n", "\r\n", "\x0c", " ", "\t", " # note", "#", "#\\", "\u2028", "\\\\\n"),
        *(" --hash=sha256:aa", " --hash sha256:bb", "-r b.txt", "-c b.txt", "--require-hashes"),
        *("\n-r b.txt\n", "\n-c b.txt\n", "--hash=a", "-", "--", "'", '"', "${X}", "-rb.txt"),
    ]
)
WRITTEN = st.lists(PARTS, max_size=12).map("".join)
OTHER = "scipy\n  # the end\nh5py \\\n >=3\n"


def pip_reads(text: str) -> "list[tuple[str, int, bool]]":
    """Give what pip finds: requirements, the numbers of their lines, and which are constraints."""
    parse = importlib.import_module("pip._internal.req.req_file").parse_requirements
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.txt").write_bytes(text.encode())
        Path(folder, "b.txt").write_text(OTHER, encoding="utf-8")
        return [
            (
                one.requirement.strip(),
                int(one.comes_from.rpartition("(line ")[2].rstrip(")")),
                one.constraint,
            )
            for one in parse(str(Path(folder, "a.txt")), None)
        ]


def ours(text: str) -> "list[tuple[str, int, bool]]":
    return [
        (line.text, int(line.origin.rpartition(":")[2]), line.constraint)
        for line in lines(text, b_txt=OTHER)
    ]


@settings(deadline=None)  # the first example imports pip
@given(WRITTEN)
def test_what_is_read_is_what_pip_reads(text: str) -> None:
    """Where there is an answer at all, pip gives the same."""
    try:
        found = ours(text)
    except InvalidRequirementsFile:
        return
    assert found == pip_reads(text)


PLAIN = st.sampled_from(
    [
        "keras",
        "numpy<2",
        "tf_keras >= 2.15, !=2.16",
        "a[b,c]==1.0",
        "x @ https://index.example/x-1.tar.gz#egg=x",
        "keras ; python_version < '3.10' and os_name == \"a\"",
        "keras;os_name=='a#b'",
    ]
)
SEPARATORS = st.sampled_from(
    ["\n", "\r\n", " # note\n", "\n\n", "\n# note \\\n", " \\\n\n", "\x0c"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(PLAIN, SEPARATORS), max_size=8))
def test_plain_requirements_are_never_refused(parts: "list[tuple[str, str]]") -> None:
    """Whatever stands between them, pip's requirements are these."""
    text = "".join(requirement + separator for requirement, separator in parts)
    assert ours(text) == pip_reads(text)
    assert [one[0] for one in ours(text)] == [requirement for requirement, _ in parts]


@given(st.one_of(st.text(), WRITTEN))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but the named error is raised, and it names the file."""
    try:
        assert all(line.text for line in lines(text, b_txt=OTHER))
    except InvalidRequirementsFile as error:
        assert str(error).startswith(("a.txt:", "b.txt:"))  # noqa: PT017 - both are right
