"""The vendor's own table of pairs in a description."""

from hypothesis import given
from hypothesis import strategies as st

from tfmac.curation.extensions.vendor_tables import vendor_pairs

NAMES = ("tensorflow", "tensorflow-macos")


def test_rows_of_the_right_table() -> None:
    """Single releases and ranges are read; other tables and other cells are left out."""
    text = """
| tool | version |
|---|---|
| v1.0 | v2.0 |

|TensorFlow | tensorflow-metal |MacOs| features |
|-----|-----|-----|---|
|v2.5 |v0.1.2|12.0+| a |
|v2.14-v2.18|v1.1.0|12.1+||
|2.18 - 2.17|v1.1.0|12.1+||
|>=2.19|v1.2.0|12.1+||
|v2.20|soon|12.1+||
|v2.21|
"""
    found = vendor_pairs(text, "tensorflow-metal", NAMES)

    assert [(one.version, one.first, one.last) for one in found] == [
        ("0.1.2", "2.5", "2.5"),
        ("1.1.0", "2.14", "2.18"),
    ]


@given(st.text(alphabet="|-v.0123456789 tensorflow\n", max_size=300))
def test_any_text_gives_some_rows(text: str) -> None:
    """A description is hostile input."""
    head = "|tensorflow|tensorflow-metal|\n"

    assert isinstance(vendor_pairs(head + text, "tensorflow-metal", NAMES), tuple)
