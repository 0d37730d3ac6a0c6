"""JSON is read strictly, with the place of every value."""

import pytest

from .test_reader import codes, read, written


def test_every_value_and_key_has_its_span():
    tree = read('{"a": [1, -2.5e3, true],\n "b\\u00e9": {"c": null}}', "x.json")
    first, second = tree.entries
    assert written(first.key.span) == '"a"'
    assert written(first.key.inner) == "a"
    assert [written(item.span) for item in first.value.items] == ["1", "-2.5e3", "true"]
    assert written(second.key.span) == '"b\\u00e9"'
    assert second.key.value == "bé"
    assert second.value.span.line == 2
    assert (tree.span.line, tree.span.end_line, tree.span.end_column) == (1, 2, 25)


def test_surrogate_pairs_are_one_character():
    assert read('"\\ud83d\\ude00 \\"\\\\\\/\\b\\f\\n\\r\\t"', "x.json").value == '😀 "\\/\b\f\n\r\t'


def test_texts_are_quoted_and_numbers_are_not():
    tree = read('["3", 3]', "x.json")
    assert [item.quoted for item in tree.items] == [True, False]
    assert [type(item.value) for item in tree.items] == [str, int]


@pytest.mark.parametrize(
    "text",
    ["{", "[1,]", '{"a": 1,}', "[1 2]", "[01]", "[+1]", "[.5]", "[1.]", "[1e]", "[0x1]", "[NaN]", "[Infinity]",
    "[True]", "['a']",
     "{a: 1}", '{"a"}', '{"a": }', "[1] 2", '["\t"]', '["\n"]', '["\\x41"]', '["\\u12"]', '["\\ud800"]',
     '["\\ude00\\ud83d"]',
     "[1] // c", "/* c */ [1]", "# c\n[1]", '"a', "", "  ", "[,]", "{,}", "[1}", '{"a": 1]', "-", "[--1]", "[1__0]"],
)  # fmt: skip
def test_text_that_is_not_json_is_one_fault(text):
    assert codes(text, "x.json") == ["syntax"]


def test_all_duplicate_keys_are_reported_at_once():
    assert codes('{"a": 1, "a": 2, "b": {"c": 1, "c": 2}}', "x.json") == ["duplicate-key", "duplicate-key"]
