from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from measurand import keying, responses
from measurand.errors import InputError

HEADER = "item,scale,keyed,minimum,maximum\n"


def table(text: str) -> responses.Responses:
    return responses.read(io.BytesIO(text.encode()), "a.csv")


def key(lines: str) -> tuple[keying.KeyedItem, ...]:
    return keying.parse_key(table(HEADER + lines))


def test_reversed_items_are_turned_round_within_their_range() -> None:
    answers = table("b,a,c\n1,5,0\n6,1,1\n,3,\n")
    found = keying.apply_key(answers, key("a,S,1,1,5\nb,S,-1,1,6\nc,T,-1,0,1\n"))
    s, t = found.scales
    assert (s.name, s.items, s.keyed) == ("S", ("a", "b"), (1, -1))
    np.testing.assert_array_equal(s.values, [[5, 6], [1, 1], [3, np.nan]])
    np.testing.assert_array_equal(t.values, [[1], [0], [np.nan]])
    assert found.ignored == ()
    assert found.n_rows == 3


@pytest.mark.parametrize("sign", ["1", "+1", "1.0", " 1 "])
def test_a_positive_sign_may_be_written_as_people_do(sign: str) -> None:
    assert key(f"a,S,{sign},1,5\n")[0].keyed == 1


def test_an_item_may_serve_a_domain_and_a_facet_with_its_own_sign() -> None:
    lines = key("a,Stability,-1,1,5\na,Anxiety,1,1,5\nb,Anxiety,1,1,5\n")
    found = keying.apply_key(table("a,b\n2,3\n"), lines)
    assert [s.name for s in found.scales] == ["Stability", "Anxiety"]
    np.testing.assert_array_equal(found.scales[0].values, [[4]])
    np.testing.assert_array_equal(found.scales[1].values, [[2, 3]])


def test_a_scale_may_be_called_na() -> None:
    assert [line.scale for line in key("a,NA,1,1,5\nb,PA,1,1,5\n")] == ["NA", "PA"]


def test_columns_outside_the_key_are_listed_and_never_judged() -> None:
    answers = table("id,a,note\nx1,2,inf\nx2,9,\n")
    found = keying.apply_key(answers, key("a,S,1,1,9\n"))
    assert found.ignored == (("id", "not in the key"), ("note", "not in the key"))


def test_limits_are_inclusive() -> None:
    lines = key("a,S,1,1,5\n")
    keying.apply_key(table("a\n1\n5\n"), lines)
    for answer in ("0.999", "5.001", "-1"):
        with pytest.raises(InputError, match=r"row 2: ") as caught:
            keying.apply_key(table(f"a\n1\n{answer}\n"), lines)
        assert caught.value.code == "out_of_range"
        assert "'a'" in str(caught.value)


def test_clusters_are_numbered_by_their_label() -> None:
    answers = table("a,g\n1,x\n2,y\n3, x\n4,10\n")
    found = keying.apply_key(answers, key("a,S,1,1,5\n"), "g")
    assert found.clusters is not None
    assert found.clusters.tolist() == [1, 2, 1, 0]
    assert found.ignored == ()


def test_without_a_key_all_numeric_columns_are_one_scale() -> None:
    numbered = "\n".join(f"{3 * i + 7},w{i},{i % 5},{(i * 7) % 5},,g{i % 3}" for i in range(20))
    answers = table("id,word,a,b,blank,group\n" + numbered + "\n")
    found = keying.without_key(answers, "group")
    assert found.scales[0].items == ("a", "b")
    assert found.scales[0].keyed == (1, 1)
    assert dict(found.ignored) == {
        "id": "numbers the rows",
        "word": "not numeric",
        "blank": "no answers",
    }


def test_rising_answers_of_few_people_are_answers() -> None:
    found = keying.without_key(table("a,b\n1,2\n2,1\n3,5\n"))
    assert found.scales[0].items == ("a", "b")


@pytest.mark.parametrize("cell", ["inf", "1e300", "-Infinity"])
def test_without_a_key_an_infinite_column_is_an_error_not_text(cell: str) -> None:
    with pytest.raises(InputError, match="column 'b'") as caught:
        keying.without_key(table(f"a,b\n1,{cell}\n2,{cell}\n"))
    assert caught.value.code == "not_a_number"


def test_an_empty_cluster_cell_is_an_error() -> None:
    with pytest.raises(InputError, match="empty in 2 rows: 2, 3") as caught:
        keying.without_key(table("a,g\n1,x\n2,\n3,NA\n"), "g")
    assert caught.value.code == "bad_cluster"
    with pytest.raises(InputError, match="did you mean 'group'"):
        keying.without_key(table("a,group\n1,x\n"), "Grup")


def test_labels_of_a_key_say_what_words_count() -> None:
    text = "a,b\nnever,Often\nsometimes,never\noften,3\n"
    for labels in (
        "1=never;2=sometimes;3=often",
        "never=1|sometimes=2|often=3",
        "never;sometimes;often",
    ):
        key = f"item,scale,keyed,minimum,maximum,labels\na,S,1,1,3,{labels}\nb,S,-1,1,3,{labels}\n"
        keyed = keying.apply_key(table(text), keying.parse_key(table(key)))
        assert keyed.scales[0].values.tolist() == [[1, 1], [2, 3], [3, 1]]
        assert len(keyed.understood) == 2


@pytest.mark.parametrize("labels", ["0=None;1=Mild;2=Severe", "none=0|mild=1|severe=2"])
def test_a_label_may_be_a_word_that_else_means_no_answer(labels: str) -> None:
    key = f"item,scale,keyed,minimum,maximum,labels\na,S,1,0,2,{labels}\nb,S,1,0,2,{labels}\n"
    keyed = keying.apply_key(
        table("a,b\nNone,mild\nsevere,\nNA,none\n"), keying.parse_key(table(key))
    )
    found = keyed.scales[0].values
    assert np.array_equal(found, [[0, 1], [2, np.nan], [np.nan, 0]], equal_nan=True)


def test_codes_for_no_answer_hold_among_words_too() -> None:
    key = "item,scale,keyed,minimum,maximum\na,S,1,1,5\nb,S,1,1,5\n"
    text = "a,b\n5 - very much,1\n99 - refused,2\n1 - not at all,99\n"
    given = replace(table(text), missing=frozenset({"99"}))
    keyed = keying.apply_key(given, keying.parse_key(table(key)))
    assert np.array_equal(
        keyed.scales[0].values, [[5, 1], [np.nan, 2], [1, np.nan]], equal_nan=True
    )


@pytest.mark.parametrize("labels", ["1=a;b", "a;b", "x=y", "1="])
def test_labels_that_break_a_rule_are_named(labels: str) -> None:
    key = f"item,scale,keyed,minimum,maximum,labels\na,S,1,1,3,{labels}\n"
    with pytest.raises(InputError) as caught:
        keying.parse_key(table(key))
    assert caught.value.code == "bad_key"


def test_codes_outside_the_scale_are_named_with_the_way_out() -> None:
    key = keying.parse_key(table("item,scale,keyed,minimum,maximum\na,S,1,1,5\nb,S,1,1,5\n"))
    with pytest.raises(InputError) as caught:
        keying.apply_key(table("a,b\n1,2\n99,-1\n3,4\n"), key)
    assert caught.value.code == "out_of_range"
    assert "--missing-codes 99" in str(caught.value.hint)


def test_labels_may_stand_on_any_line_of_an_item() -> None:
    lines = "item,scale,keyed,minimum,maximum,labels\na,F,1,1,3,\na,D,1,1,3,{}\n"
    answers = table("a\nno\nyes\nmaybe\n")
    found = keying.apply_key(answers, keying.parse_key(table(lines.format("no;maybe;yes"))))
    assert found.scales[0].values[:, 0].tolist() == [1, 3, 2]
    two = lines.format("no;maybe;yes").replace("3,\n", "3,yes;maybe;no\n")
    with pytest.raises(InputError, match="two sets of labels"):
        keying.apply_key(answers, keying.parse_key(table(two)))


def test_a_huge_number_is_not_let_in_by_an_empty_key() -> None:
    assert table("a\n1\n99999999999999999999\n").numbers("a", {}).n_bad == 1


def test_rows_that_are_headers_are_named_as_such() -> None:
    text = "a,b\nHow?,Why?\n" + "1,2\n3,4\n"
    with pytest.raises(InputError, match=r"--skip-rows 1") as caught:
        keying.apply_key(table(text), key("a,S,1,1,5\nb,S,1,1,5\n"))
    assert caught.value.code == "not_a_number"
    two = "a,b\nHow?,Why?\nfirst,second\n" + "1,2\n3,4\n"
    with pytest.raises(InputError, match=r"--skip-rows 2"):
        keying.apply_key(table(two), key("a,S,1,1,5\nb,S,1,1,5\n"))
    with pytest.raises(InputError, match="--missing-codes"):
        keying.apply_key(table("a,b\n1,2\nx,4\n"), key("a,S,1,1,5\nb,S,1,1,5\n"))


@pytest.mark.parametrize("form", ["{0} (often)", "{0} - said", "{0}0%"])
def test_answers_with_their_labels_are_items_without_a_key(form: str) -> None:
    words = {n: form.format(n) if "%" in form else form.format(n) + "x" * n for n in range(1, 6)}
    rows = [(1, 2), (5, 4), (3, 3), (2, 2), (4, 5), (5, 5)]
    text = "name,a,b\n" + "".join(f"p{i},{words[x]},{words[y]}\n" for i, (x, y) in enumerate(rows))
    [scale] = keying.without_key(table(text)).scales
    assert scale.items == ("a", "b")
    values = scale.values * (10 if "%" in form else 1)
    np.testing.assert_allclose(values, rows)
