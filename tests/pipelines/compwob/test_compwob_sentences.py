from __future__ import annotations

import pytest

from measurand.errors import InputError
from pipelines.compwob.sentences import forward, gerund, imperative, lower_first, reversed_order
from schemas.compwob.params import BASE_TASKS

SAID = {
    "click-button": 'Click on the "ok" button.',
    "click-button-sequence": "Click button ONE, then click button TWO.",
    "click-checkboxes": "Select ab, c1 and click Submit.",
    "click-checkboxes-soft": "Select words similar to red, big and click Submit.",
    "click-checkboxes-transfer": "Select nothing and click Submit.",
    "click-dialog": 'Close the dialog box by clicking the "x".',
    "click-dialog-2": 'Click the button in the dialog box labeled "OK".',
    "click-link": 'Click on the link "amet,".',
    "click-option": "Select Kq and click Submit.",
    "click-tab-2-hard": 'Switch between the tabs to find and click on the link "sed".',
    "click-widget": 'Click on a "radio" widget.',
    "email-inbox-forward-nl": "Go to the email by Ada. Send it to Bo.",
    "email-inbox-forward-nl-turk": "Ada wants her mail to go to Bo.",
    "enter-date": "Enter 01/31/2012 as the date and hit submit.",
    "enter-password": 'Enter the password "x7" into both text fields and press submit.',
    "enter-text": 'Enter "Ada" into the text field and press Submit.',
    "login-user": 'Enter the username "ada" and the password "7x" into the text fields and '
    "press login.",
    "login-user-popup": 'Enter the username "bo" and the password "q" into the text fields and '
    "press login.",
    "multi-layouts": "Search for crime movies directed by O'Neil from year 1999.",
    "navigate-tree": "Navigate through the file tree. Find and click on the folder or file named "
    '"Ada".',
    "search-engine": 'Use the textbox to enter "Ada" and press "Search", then find and click the '
    "3rd search result.",
    "use-autocomplete": 'Enter an item that starts with "Al" and ends with "ia".',
}
GERUNDS = {
    "click-button": 'clicking on the "ok" button',
    "click-button-sequence": "clicking button ONE, then clicking button TWO",
    "click-checkboxes": "selecting ab, c1 and clicking Submit",
    "click-checkboxes-soft": "selecting words similar to red, big and clicking Submit",
    "click-checkboxes-transfer": "selecting nothing and clicking Submit",
    "click-dialog": 'closing the dialog box by clicking the "x"',
    "click-dialog-2": 'clicking the button in the dialog box labeled "OK"',
    "click-link": 'clicking on the link "amet,"',
    "click-option": "selecting Kq and clicking Submit",
    "click-tab-2-hard": 'switching between the tabs to find and click on the link "sed"',
    "click-widget": 'clicking on a "radio" widget',
    "email-inbox-forward-nl": "carrying out the request: Go to the email by Ada; Send it to Bo",
    "email-inbox-forward-nl-turk": "carrying out the request: Ada wants her mail to go to Bo",
    "enter-date": "entering 01/31/2012 as the date and hitting submit",
    "enter-password": 'entering the password "x7" into both text fields and pressing submit',
    "enter-text": 'entering "Ada" into the text field and pressing Submit',
    "login-user": 'entering the username "ada" and the password "7x" into the text fields and '
    "pressing login",
    "login-user-popup": 'entering the username "bo" and the password "q" into the text fields and '
    "pressing login",
    "multi-layouts": "searching for crime movies directed by O'Neil from year 1999",
    "navigate-tree": "navigating through the file tree, finding and clicking on the folder or "
    'file named "Ada"',
    "search-engine": 'using the textbox to enter "Ada" and press "Search", then finding and '
    "clicking the 3rd search result",
    "use-autocomplete": 'entering an item that starts with "Al" and ends with "ia"',
}


@pytest.mark.parametrize("task", BASE_TASKS)
def test_every_base_task_has_a_gerund(task: str) -> None:
    assert gerund(task, SAID[task]) == GERUNDS[task]


def test_a_name_that_is_a_verb_of_the_sentence_stays_as_it_is() -> None:
    said = 'Enter "and press Submit" into the text field and press Submit.'
    wanted = 'entering "and press Submit" into the text field and pressing Submit'
    assert gerund("enter-text", said) == wanted


def test_a_sentence_that_is_worded_otherwise_is_an_error_and_no_guess() -> None:
    with pytest.raises(InputError, match="no 'Click on'"):
        gerund("click-link", 'Please click on the link "x".')


def _parts(*names: str) -> list[tuple[str, str]]:
    return [(name, SAID[name]) for name in names]


def test_forward_sentences_have_one_capital_and_one_period() -> None:
    two = forward(_parts("click-button", "click-link"))
    assert two == 'Click on the "ok" button, and then click on the link "amet,".'
    three = forward(_parts("click-option", "click-dialog", "navigate-tree"))
    assert three == (
        'Select Kq and click Submit, close the dialog box by clicking the "x", and then navigate '
        'through the file tree, find and click on the folder or file named "Ada".'
    )


def test_reversed_sentences_name_the_last_half_first() -> None:
    assert reversed_order(_parts("click-button", "click-link")) == (
        'Click on the link "amet,", after clicking on the "ok" button.'
    )
    assert reversed_order(_parts("click-button", "click-option", "click-dialog")) == (
        'Close the dialog box by clicking the "x", after clicking on the "ok" button and then '
        "selecting Kq and clicking Submit."
    )
    four = _parts("click-button", "click-option", "click-dialog", "click-widget")
    assert reversed_order(four) == (
        'Close the dialog box by clicking the "x", and click on a "radio" widget, after clicking '
        'on the "ok" button, and selecting Kq and clicking Submit.'
    )


def test_five_parts_are_three_after_two_and_eight_are_four_after_four() -> None:
    many = [("click-widget", f'Click on a "{i}" widget.') for i in range(8)]
    five, eight = reversed_order(many[:5]), reversed_order(many)
    head, tail = five.split(", after ")
    assert [c for c in head if c.isdigit()] == ["3", "4"]
    assert [c for c in tail if c.isdigit()] == ["0", "1", "2"]
    assert [c for c in eight if c.isdigit()] == list("45670123")
    assert eight.count(", after ") == 1


def test_proper_names_and_i_keep_their_capital() -> None:
    request = "I want the mail by Ada to be sent to Bo."
    assert forward([*_parts("click-button"), ("email-inbox-forward-nl", request)]).endswith(
        "and then I want the mail by Ada to be sent to Bo."
    )
    said = [*_parts("click-button"), ("email-inbox-forward-nl-turk", "Bo wants the mail by Ada.")]
    names = [{}, {"by": "Ada", "to": "Bo"}]
    assert "and then Bo wants" in forward(said, names)
    assert lower_first("Select it", []) == "select it"


def test_one_part_has_no_reversed_sentence() -> None:
    with pytest.raises(InputError, match="one part"):
        reversed_order(_parts("click-button"))


def test_trailing_commas_of_the_pages_go_too() -> None:
    assert imperative("email-inbox-forward-nl", "Give Bo the message from Ada,").endswith("Ada")
