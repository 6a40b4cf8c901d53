"""Reading C headers: what a plug-in and TensorFlow exchange, from any text whatever."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmac.curation.extensions.header_fingerprints import (
    Field,
    Header,
    InvalidHeader,
    exchanged,
    merged,
    read_header,
)

HEADER = """
/* A comment with struct Fake { int wrong; }; in it */
#ifndef GUARD_H_
#define GUARD_H_
#define SP_MACRO(X) \\
  struct X { int also_wrong; }
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct SP_Stream_st* SP_Stream;
typedef enum SE_State { SE_NONE, SE_DONE = 3 } SE_State;

typedef struct SP_Device {
  size_t struct_size;  // set by TensorFlow; with a brace } in it
  void* ext;
  const char* name;
  int32_t ordinal, more;
  double numbers[4];
  unsigned flag : 1;
} SP_Device;

struct SP_Fns {
  size_t struct_size;
  void (*create)(const SP_Device* device, SP_Stream* stream,
                 TF_Status* status);
  TF_Bool (*stats)(const SP_Device* device, SP_Stats* stats);
};

typedef struct SE_Params { size_t struct_size; SP_Fns* fns; } SE_Params;
TF_CAPI_EXPORT extern void SE_InitPlugin(SE_Params* params, TF_Status* status);
static inline int helper(int a) { return a; }
typedef struct TP_Last { int a; } TP_Last;
#ifdef __cplusplus
}  /* extern "C" */
#endif
#endif
"""


def names(header: Header, struct: str) -> list[str]:
    return [field.name for field in header.structs[struct]]


def test_structs_are_read_with_their_fields_in_order() -> None:
    """Comments, macros, guards and the block for C++ leave no trace."""
    header = read_header(HEADER)

    assert set(header.structs) == {"SP_Device", "SP_Fns", "SE_Params", "TP_Last"}
    assert names(header, "SP_Fns") == ["struct_size", "create", "stats"]
    assert names(header, "SP_Device")[:3] == ["struct_size", "ext", "name"]
    assert names(header, "SP_Device")[-2:] == ["numbers", "flag"]
    assert header.structs["SP_Device"][2] == Field("name", "const char *")


def test_structs_that_pass_through_a_function() -> None:
    """They are found through the fields of others, and parameters of callbacks."""
    header = read_header(HEADER)

    assert header.functions["SE_InitPlugin"] >= {"SE_Params", "TF_Status"}
    assert exchanged(header, ["SE_InitPlugin"]) == ("SE_Params", "SP_Device", "SP_Fns")
    assert exchanged(header, ["no_such_function"]) == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("void (*f)(int first);", "void (*f)(int renamed);", True),
        ("void (*f)(const A* a);", "void (*f)(const  A *b );", True),
        ("void (*f)(const A* a);", "void (*f)(const B* a);", False),
        ("int a;", "long a;", False),
        ("int a[2];", "int a[3];", False),
        ("int a; /* x */", "int a; // y\n", True),
    ],
)
def test_only_what_changes_the_layout_or_call_counts(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    """Names of parameters and spaces do not."""
    fields = [
        read_header(f"typedef struct A {{ {text} }} A;").structs["A"] for text in (one, other)
    ]

    assert (fields[0] == fields[1]) is same


@pytest.mark.parametrize(
    "text",
    ["typedef struct A { int a;", "struct A { int (a]; };", "(" * 100, ")", "x" * (4 << 20) + "xx"],
)
def test_broken_header_is_refused(text: str) -> None:
    """Brackets that do not match, nest too deep or never close, and too much text."""
    with pytest.raises(InvalidHeader):
        read_header(text)


def test_headers_are_put_together() -> None:
    """A struct of one header passes through a function of another."""
    one = read_header("typedef struct A { int a; } A;")
    other = read_header("void f(A* a);")

    assert exchanged(merged([one, other]), ["f"]) == ("A",)


PIECES = st.sampled_from(
    [
        *"{}()[];,*:=/\"'\\\n#",
        "//",
        "/*",
        "*/",
        "struct",
        "typedef",
        'extern "C" {',
        "SP_A",
        "int",
        "(*f)",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=200).map(" ".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Hostile text raises nothing but the reader's own error."""
    try:
        header = read_header(text)
    except InvalidHeader:
        return
    assert all(field.name for fields in header.structs.values() for field in fields)
    exchanged(header, header.functions)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(HEADER) - 1), st.integers(0, 60), st.text(max_size=20))
def test_a_mutated_header_is_read_or_refused(at: int, length: int, put: str) -> None:
    """A piece taken out, or another put in its place."""
    try:
        read_header(HEADER[:at] + put + HEADER[at + length :])
    except InvalidHeader:
        return


@pytest.mark.parametrize(
    "piece",
    ["/*", "//", '"', "'", "struct A {} ", "typedef ", "(*", "a ", "#\\\n", "*/", "\\", "f(a,"],
)
def test_reading_takes_linear_time(piece: str) -> None:
    """A quarter of a megabyte of the same piece is read or refused in no time."""
    started = time.perf_counter()
    with contextlib.suppress(InvalidHeader):
        read_header(piece * (250_000 // len(piece)))
    assert time.perf_counter() - started < 5
