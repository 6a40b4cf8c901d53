"""Plans read back from the files that they were written to."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tfmac.api.planning import plan_document
from tfmac.planner.emit import FORMATS
from tfmac.planner.plan_files import InvalidPlanFile, read_plan
from tfmac.planner.stacks import STACKS
from tfmac.schema.codec import SCHEMA_VERSION, to_json
from tfmac.schema.plans import Pin, Plan, Rationale, StackKind, Variable
from tfmac.schema.platform import Target
from tfmac.schema.reports import NoPlanDocument

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
KERAS = Plan(
    target=Target.parse("macos-14-arm64"),
    python="3.12",
    stack=StackKind.KERAS_TORCH,
    gpu=True,
    requirements=("keras>=3", "torch==2.9.0"),
    pins=(
        Pin(name="keras", version="3.8.0", hashes=(A, B)),
        Pin(name="torch", version="2.9.0", hashes=(B,)),
    ),
    rationale=(Rationale(statement="it fits", source="tests"),),
    variables=(Variable(name="KERAS_BACKEND", value="torch"),),
)
PLUGIN = replace(
    KERAS,
    stack=StackKind.TENSORFLOW_METAL_PLUGIN,
    requirements=("tensorflow==2.20.0", "tensorflow-metal-plugin==1.0"),
    pins=(
        Pin(name="tensorflow", version="2.20.0", hashes=(A,)),
        Pin(name="tensorflow-metal-plugin", version="1.0", hashes=(B,)),
    ),
    built=("tensorflow-metal-plugin",),
    variables=(),
)


def as_json(plan: Plan) -> bytes:
    document = replace(plan_document(plan), interpreter="/usr/bin/python3")
    return to_json(document).encode()


def as_requirements(plan: Plan) -> bytes:
    return FORMATS["requirements"].write(plan).encode()


def as_lock(plan: Plan) -> bytes:
    """Write a lock file with the files that uv would name: the first hash is that of the sdist."""
    packages = []
    for pin in plan.pins:
        packages += ["[[packages]]", f'name = "{pin.name}"', f'version = "{pin.version}"']
        tables = [
            f'{{ url = "https://index.example/{n}", hashes = {{ sha256 = "{one[7:]}" }} }}'
            for n, one in enumerate(pin.hashes)
        ]
        if tables:
            packages.append(f"sdist = {tables[0]}")
        if tables[1:]:
            packages.append(f"wheels = [{', '.join(tables[1:])}]")
    return FORMATS["pylock"].write(replace(plan, artifacts="\n".join(packages))).encode()


WRITERS = {"plan.json": as_json, "requirements.txt": as_requirements, "pylock.toml": as_lock}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("plan", [KERAS, PLUGIN], ids=["variables", "built"])
def test_a_plan_is_read_back(plan: Plan, name: str) -> None:
    """The JSON document has all of it, the other files all that an environment is made by."""
    expected = plan if name == "plan.json" else replace(plan, requirements=(), rationale=())
    assert read_plan(WRITERS[name](plan), name) == expected


@pytest.mark.parametrize("name", WRITERS)
def test_an_editors_marks_do_not_matter(name: str) -> None:
    """A byte order mark and the line ends of Windows change nothing, nor does the file's name."""
    data = WRITERS[name](KERAS)
    for changed in (b"\xef\xbb\xbf" + data, data.replace(b"\n", b"\r\n")):
        assert read_plan(changed, "-") == read_plan(data, name)


def test_comments_and_forms_of_requirements_do_not_matter() -> None:
    """Lines of the user's own that say nothing, and hashes on the line of their pin."""
    text = as_requirements(KERAS).decode().replace(" \\\n    ", " ")
    text = text.replace("\nkeras", "\n\n# the heart of it\nKeras")
    assert read_plan(text.encode(), "x").pins == KERAS.pins


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True).filter(
    lambda name: "--" not in name
)
VERSIONS = st.from_regex(
    r"([1-9]!)?[1-9][0-9]?(\.[0-9]){0,3}((a|b|rc)[1-9])?(\.post[1-9])?(\+[a-z]{1,3})?",
    fullmatch=True,
)
HASHES = st.lists(
    st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True), max_size=3, unique=True
).map(lambda found: tuple(sorted(found)))
TARGETS = st.sampled_from(["macos-14-arm64", "macos-13.5-x86_64", "linux-x86_64", "linux-aarch64"])
VARIABLES = st.lists(
    st.builds(
        Variable,
        name=st.sampled_from(["KERAS_BACKEND", "TF_USE_LEGACY_KERAS"]),
        value=st.from_regex(r"[A-Za-z0-9_.-]{1,9}", fullmatch=True),
    ),
    max_size=2,
    unique_by=lambda one: one.name,
).map(tuple)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    found = draw(st.dictionaries(NAMES, st.tuples(VERSIONS, HASHES), min_size=1, max_size=4))
    plugins = st.sampled_from(["tensorflow-metal", "tensorflow-metal-plugin"])
    found.update(draw(st.dictionaries(plugins, st.tuples(VERSIONS, HASHES), max_size=1)))
    return Plan(
        target=Target.parse(draw(TARGETS)),
        python=draw(st.sampled_from(["3.9", "3.12", "3.14"])),
        stack=draw(st.sampled_from(StackKind)),
        gpu=draw(st.booleans()),
        requirements=(),
        pins=tuple(Pin(name=name, version=one[0], hashes=one[1]) for name, one in found.items()),
        rationale=(),
        built=tuple(draw(st.lists(st.sampled_from(sorted(found)), unique=True))),
        variables=draw(VARIABLES),
    )


@given(plans(), st.sampled_from(sorted(WRITERS)))
def test_any_plan_is_read_back(plan: Plan, name: str) -> None:
    """Machine, Python, stack, device, pins with hashes, what is built and the variables."""
    assert read_plan(WRITERS[name](plan), name) == plan


@pytest.mark.parametrize(
    ("stack", "target", "more", "gpu"),
    [
        ("tensorflow-metal", "macos-14-arm64", (), True),
        ("tensorflow-macos-metal", "macos-14-arm64", (), True),
        ("tensorflow-metal-plugin", "macos-15-arm64", (), True),
        ("tensorflow-cuda", "linux-x86_64", (), True),
        ("tensorflow", "macos-14-arm64", (), False),
        ("keras-torch", "macos-14-arm64", (), True),
        ("keras-torch", "linux-x86_64", (), False),
        ("keras-jax", "macos-14-arm64", (), False),
        ("tf-keras", "macos-14-arm64", ("tensorflow-metal==1.2.0",), True),
        ("tf-keras", "macos-14-arm64", ("tensorflow-metal-plugin==1.0",), True),
        ("tf-keras", "macos-14-arm64", (), False),
    ],
)
def test_a_file_without_a_note_is_for_the_usual_device(
    stack: str, target: str, more: "tuple[str, ...]", *, gpu: bool
) -> None:
    """What the stack gives is not said; what was wished otherwise is said in a comment."""
    heading = f"# {stack} for {target}, Python 3.12; made by tfmac plan"
    pins = ("numpy==2.1.0", *more)
    plan = read_plan("\n".join([heading, *pins]).encode(), "x")
    assert plan.gpu is gpu
    assert as_requirements(plan).decode().splitlines() == [heading, *pins]
    other = as_requirements(replace(plan, gpu=not gpu))
    assert other.decode().splitlines()[1] == f"# it is for the {'CPU' if gpu else 'GPU'}"
    assert read_plan(other, "x").gpu is not gpu


def test_every_variable_of_a_stack_may_be_read() -> None:
    """What a stack sets is on the list of what a file may set."""
    found = {
        one
        for stack in STACKS.values()
        for candidate in stack(Target.parse("macos-14-arm64"), prereleases=False)
        for one in candidate.variables
    }
    assert found
    for one in found:
        plan = replace(KERAS, variables=(one,))
        assert read_plan(as_json(plan), "x").variables == (one,)


def refused(data: "bytes | str", wanted: str, name: str = "x") -> None:
    with pytest.raises(InvalidPlanFile, match=rf"^{name}: .*{wanted}"):
        read_plan(data.encode() if isinstance(data, str) else data, name)


HEADING = "# tensorflow for macos-14-arm64, Python 3.12; made by tfmac plan"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "give it to --requirements of tfmac plan instead"),
        ("keras==3.8.0\n", "give it to --requirements of tfmac plan instead"),
        (f"keras==3.8.0\n{HEADING}\n", "give it to --requirements of tfmac plan instead"),
        ('lock-version = "1.0"\n', "tfmac plan did not make it .* can be read back"),
        (HEADING, "it pins nothing"),
        (HEADING.replace("3.12", "/bin/sh"), "'/bin/sh' is no Python"),
        (f"{HEADING}\nkeras>=3", "line 2 is no exact pin: 'keras>=3'"),
        (f"{HEADING}\nkeras==3.*", "line 2: 'keras==3.*' is not the name and the version"),
        (f"{HEADING}\nkeras==3 ; os_name == 'a'", "line 2 is no exact pin"),
        (f"{HEADING}\nkeras===3", "line 2 is no exact pin"),
        (f"{HEADING}\nkeras==3==4", "line 2 is no exact pin"),
        (f"{HEADING}\nkeras[tf]==3", "line 2: .* is not the name and the version"),
        (f"{HEADING}\nkeras @ https://index.example/k", "line 2 is no exact pin"),
        (f"{HEADING}\n-r other.txt", "line 2 is no exact pin"),
        (f"{HEADING}\n\nkeras==3 \\\n  --hash=sha256:zz", "line 3 is no exact pin"),
        (f"{HEADING}\nkeras==3 --pre", "line 2 is no exact pin"),
        (f"{HEADING}\nkeras==3\x0c--pre", "line 2 is no exact pin"),
        (f"{HEADING}\nkeras==3 \\", "line 2 is continued"),
        (f"{HEADING}\nkeras==x", "line 2: .* is not the name and the version"),
        (f"{HEADING}\nkeras=={'1' * 5_000}", "line 2: the pin 'keras'.* is too long"),
        (f"{HEADING}\nKeras==3\nkeras==3", "it pins keras twice"),
        (f"{HEADING}\ntf.keras==3\ntf_keras==2", "it pins tf-keras twice"),
        (f"{HEADING}\n# torch is built against the others\nkeras==3", "'torch' is to be built"),
        (f"{HEADING}\n# LD_PRELOAD=x.so has to be set\nkeras==3", "it sets 'LD_PRELOAD=x.so'"),
        (f"{HEADING}\n# KERAS_BACKEND=a/b has to be set\nkeras==3", "it sets 'KERAS_BACKEND=a/b'"),
        (f"{HEADING}\n" + "# KERAS_BACKEND=a has to be set\n" * 2 + "a==1", "a variable twice"),
        ("\n".join([HEADING, *(f"a{n}==1" for n in range(2_001))]), "more than 2000 pins"),
        (" " * 8_000_001, "more than 8000000 bytes"),
        (HEADING.replace("tensorflow", "new-stack"), "'new-stack' is no stack .* newer"),
        (HEADING.replace("macos-14-arm64", "amiga"), "'amiga' is not a target"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, wanted: str) -> None:
    """The message has the file's name, the line and what to do."""
    refused(text, wanted)


@pytest.mark.parametrize("form", ["conda", "pixi", "pyproject", "constraints"])
def test_other_formats_are_named(form: str) -> None:
    """They are for other tools: none of them says all that an environment is made by."""
    name = "constraints.txt" if form == "constraints" else "x"
    refused(FORMATS[form].write(PLUGIN), f"it is a file for {form}; the JSON document", name)


def test_bytes_that_are_no_text_are_refused() -> None:
    """The place of the first bad byte is named."""
    refused(HEADING.encode() + b"\n\xff", rf"it is not UTF-8 \(byte {len(HEADING) + 1}\)")


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("schema_version", SCHEMA_VERSION + 1, "a newer tfmac wrote it"),
        ("stack", "new-stack", r"new-stack.*\$\.stack"),
        ("target", "amiga", "'amiga' is not a target"),
        ("python", "../python", "'../python' is no Python"),
        ("python", "3.12\n", "is no Python"),
        ("pins", [], "it pins nothing"),
        ("pins", [{"name": "keras", "version": "3 --pre"}], "not the name and the version"),
        ("pins", [{"name": "a", "version": "1", "hashes": ["x"]}], "its hashes are none"),
        ("pins", [{"name": "a", "version": "1"}, {"name": "A", "version": "2"}], "a twice"),
        ("built", ["numpy"], "'numpy' is to be built and not pinned"),
        ("requirements", ["keras="], "'keras=' is not a requirement"),
        ("requirements", [f"a ; {'(' * 400}"], "is not a requirement"),
        ("requirements", ["a ; os_name == '\\x'"], "is not a requirement"),
        ("requirements", ["a" * 1_001], "is not a requirement"),
        ("variables", [{"name": "PYTHONPATH", "value": "x"}], "it sets 'PYTHONPATH=x'"),
        ("variables", [{"name": "KERAS_BACKEND", "value": "a\nb"}], "it sets"),
    ],
)
def test_a_document_is_checked_as_well(key: str, value: object, wanted: str) -> None:
    """JSON carries anything; what an environment is made by is held against the same rules."""
    document = json.loads(as_json(KERAS))
    document[key] = value
    refused(json.dumps(document), wanted)


def test_other_documents_are_refused() -> None:
    """The answer that there is no plan, and no JSON at all."""
    answer = NoPlanDocument(
        schema_version=SCHEMA_VERSION, target="macos-14-arm64", conflicts=(), nearest=None
    )
    refused(to_json(answer), "it is not a PlanDocument document: .*`python`")
    refused("{", "it is not a PlanDocument document")


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ('"1.0"', '"2.0"', "its lock-version is not 1.0"),
        ("==3.12.*", "==3.13.*", "its requires-python is not that of its first line, 3.12"),
        ("darwin", "linux", "its environments are not that of its first line, macos-14-arm64"),
        ('version = "3.8.0"', "version = 3", "package 1 has no name or no version"),
        ('name = "torch"', "", "package 2 has no name or no version"),
        ('version = "3.8.0"', 'version = "3.8.0 --pre"', "not the name and the version"),
        ('version = "3.8.0"', 'version = "3.8.0"\nmarker = "x"', "package 1 has the key marker"),
        ('version = "3.8.0"', 'version = "3.8.0"\nvcs = {}', "package 1 has the key vcs"),
        ("hashes = {", "hashes = [{", "it is not TOML"),
        ("[[packages]]", "[[package]]", "it pins nothing"),
        ("wheels = [{", "wheels = 1 #", "package 1 has files or hashes in a form"),
        ("wheels = [{", "wheels = [1] #", "package 1 has files or hashes in a form"),
        ('name = "torch"', 'name = "Keras"', "it pins keras twice"),
    ],
)
def test_a_lock_file_is_checked(old: str, new: str, wanted: str) -> None:
    """It has to say what its first line says, and to hold packages of an index alone."""
    text = as_lock(KERAS).decode()
    assert old in text
    refused(text.replace(old, new), wanted)


@pytest.mark.parametrize("packages", ["1", "[1]"])
def test_packages_of_another_kind_are_refused(packages: str) -> None:
    """TOML carries anything under the key."""
    head = as_lock(KERAS).decode().partition("[[packages]]")[0]
    refused(f"{head}packages = {packages}", "its packages are no list|package 1 is no table")


def test_long_keys_of_toml_are_refused() -> None:
    """A dotted key of a megabyte would take all memory."""
    refused(f"{as_lock(KERAS).decode()}{'a.' * 500_000}b = 1", "more than 1000 dots")


def test_deep_toml_is_refused() -> None:
    """A reader of TOML may run out of its stack."""
    refused(f"{as_lock(KERAS).decode()}deep = {'[' * 50_000}", "nested too deeply|not TOML")


@given(
    st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.text().map(lambda text: f"{HEADING}\n{text}".encode()),
        st.text().map(lambda text: f"{HEADING}\nlock-version = {text}".encode()),
        st.text().map(lambda text: ('{"schema_version": 1, ' + text).encode()),
    )
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but the named error is raised."""
    with pytest.raises(InvalidPlanFile, match=r"^some file: "):
        read_plan(data, "some file")


@given(st.data())
def test_a_changed_file_is_read_or_refused(data: st.DataObject) -> None:
    """A cut or an insertion anywhere gives a plan of sound pins or the named error."""
    name = data.draw(st.sampled_from(sorted(WRITERS)))
    text = WRITERS[name](KERAS)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    changed = text[:start] + data.draw(st.binary(max_size=10)) + text[end:]
    try:
        plan = read_plan(changed, name)
    except InvalidPlanFile:
        return
    assert read_plan(as_requirements(plan), "x").pins == plan.pins


def test_what_no_comment_can_hold_is_not_written() -> None:
    """A variable that would read as something else is an error, not another variable."""
    for value in ("a\nb", "a b", "\u2028"):
        bad = replace(KERAS, variables=(Variable(name="KERAS_BACKEND", value=value),))
        with pytest.raises(ValueError, match="read back"):
            FORMATS["requirements"].write(bad)
