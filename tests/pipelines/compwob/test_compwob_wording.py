from __future__ import annotations

import pytest

from pipelines.compwob.wording import Ask, asks, hide, iso, show

SUBMIT = Ask("press", ("Submit",))
CASES = {
    "Select Q, select O and click Submit": [
        Ask("choose", ("Q",)), Ask("choose", ("O",)), SUBMIT
    ],
    'Enter "x, and click y" into the text field and press Submit.': [
        Ask("write", ("x, and click y",)), SUBMIT
    ],
    'enter the username "a" and the password "b" into the text fields and press login': [
        Ask("write", ("a",), "username"), Ask("write", ("b",), "password"),
        Ask("press", ("login",)),
    ],
    'Enter the password "x" into both text fields': [Ask("write", ("x",), "password", True)],
    "Enter 01/02/2020 as the date and hit submit": [
        Ask("write", ("01/02/2020",), "date", date="2020-01-02"), Ask("press", ("submit",))
    ],
    "Set the delivery date to 2024-03-01 and press Done": [
        Ask("write", ("2024-03-01",), "delivery date", date="2024-03-01"),
        Ask("press", ("Done",)),
    ],
    'Click on the "OK" button and then select Q': [
        Ask("press", ("OK",), "button"), Ask("choose", ("Q",))
    ],
    'choose red from the colour list, type "Ada" in the "Name" field, then press "Send"': [
        Ask("choose", ("red",), "colour"), Ask("write", ("Ada",), "Name"),
        Ask("press", ("Send",)),
    ],
    "Type 'Ada' in the First name box and 'Bo' in the Last name box": [
        Ask("write", ("Ada",), "first name"), Ask("write", ("Bo",), "last name")
    ],
    'enter "5" as the age and "Bo" as the name': [
        Ask("write", ("5",), "age"), Ask("write", ("Bo",), "name")
    ],
    'Check the boxes "a" and "b", and submit the form': [
        Ask("choose", ("a", "b")), Ask("press", ("submit",), "button")
    ],
    "Press Next, select tea and click Next. Then click on the link \"go\"": [
        Ask("press", ("Next",)), Ask("choose", ("tea",)), Ask("press", ("Next",)),
        Ask("press", ("go",), "link"),
    ],
    "Fill in the email field with \"a@b\" and press Enter": [
        Ask("write", ("a@b",), "email"), Ask("key", ("Enter",))
    ],
    "Untick x, then type hello into the note field": [
        Ask("clear", ("x",)), Ask("write", ("hello",), "note")
    ],
    "Select words similar to big, red and click Submit": [
        Ask("choose", ("big", "red"), similar=True), SUBMIT
    ],
    'click on the checkbox "Q"': [Ask("choose", ("Q",))],
    "Check the \"News\" checkbox, pick \"Weekly\" as the frequency, and then submit": [
        Ask("choose", ("News",)), Ask("choose", ("Weekly",), "frequency"),
        Ask("press", ("submit",), "button"),
    ],
    'Fill the form with the name "Ada" and the city "Rome"': [
        Ask("write", ("Ada",), "name"), Ask("write", ("Rome",), "city")
    ],
    'Click the "OK" button, then the link "go"': [
        Ask("press", ("OK",), "button"), Ask("press", ("go",), "link")
    ],
    "Please select Q and then please click Submit": [Ask("choose", ("Q",)), SUBMIT],
    # A noun of a kind inside a name leaves a button a button.
    "Click the Add items button": [Ask("press", ("Add items",), "button")],
    "Press Clear values": [Ask("press", ("Clear values",))],
    "click on the Options tab": [Ask("press", ("Options tab",))],
    "click the link All boxes": [Ask("press", ("All boxes",), "link")],
    "click the Q option and the radio button O": [Ask("choose", ("Q",)), Ask("choose", ("O",))],
    "tap Q radio button": [Ask("choose", ("Q",))],
    "clicking the Done button": [Ask("press", ("Done",), "button")],
}  # fmt: skip


@pytest.mark.parametrize("text", CASES)
def test_plain_words_are_taken_apart(text: str) -> None:
    assert asks(text) == CASES[text]


def test_words_that_ask_for_something_else_are_not_understood() -> None:
    assert asks("Forward the email from Ada to Bo") is None
    assert asks("Select Q and dance") == [Ask("choose", ("Q", "dance"))]
    assert asks("") is None


@pytest.mark.parametrize(
    "text", ["03/04/2021", "2021-3-4", "March 4, 2021", "4th March 2021", "on 4 Mar 2021"]
)
def test_dates_are_read_in_every_usual_form(text: str) -> None:
    assert iso(text) == "2021-03-04"


def test_what_is_no_date_gives_none() -> None:
    assert iso("4 apples 2021") == ""
    assert iso("13:45") == ""


@pytest.mark.parametrize("text", ["“a” and 'b c'", '"it\'s" and ‘b’', "Ada's", "no quotes"])
def test_quotation_marks_of_any_sort_hide_what_they_hold(text: str) -> None:
    hidden, quotes = hide(text)
    assert len(quotes) == (0 if text in ("Ada's", "no quotes") else 2)
    assert not set(hidden) & set('“”‘’"') - set(text if not quotes else "")
    assert show(hidden, quotes) == text
