from __future__ import annotations

import pytest
from hostile import HOSTILE

from pipelines.webagent.guard import ORIGIN, refusal

FINE = (
    "",
    "x = driver.find_element(By.CSS_SELECTOR, '[data-ref=\"7\"]')\nx.clear()\nx.send_keys('a b')",
    "driver.find_element(By.ID, 'a').send_keys('x', Keys.ENTER)",
    "Select(driver.find_element(By.NAME, 'beds')).select_by_visible_text('2')",
    "WebDriverWait(driver, 5).until(lambda d: d.find_element(By.ID, 'a').is_displayed())",
    "WebDriverWait(driver, timeout=5).until(EC.presence_of_element_located((By.ID, 'a')))",
    "time.sleep(1.5)",
    f"driver.get('{ORIGIN}map/')\ndriver.back()\ndriver.refresh()",
    "driver.get(driver.current_url)",
    "for link in driver.find_elements(By.TAG_NAME, 'a')[:50]:\n"
    "    if link.text == 'Home' and not link.text.startswith('x'):\n"
    "        link.click()\n        break",
    "n = len([e for e in driver.find_elements(By.TAG_NAME, 'p')[:9] if e.is_displayed()])\nn += 1",
    "for i, word in enumerate(['a', 'b']):\n    for j in range(1, 20, 2):\n        x = f'{word}'",
    "x = 'a' + str(-1)\ny = x if x == 'a' else x[0]",
)


@pytest.mark.parametrize("program", FINE)
def test_what_a_program_needs_is_let_through(program: str) -> None:
    assert refusal(program) is None


@pytest.mark.parametrize(("name", "rule", "program"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_hostile_programs_are_refused_by_the_rule_that_is_meant(
    name: str, rule: str, program: str
) -> None:
    filled = program.format(secret="/s", folder="/f", port=1, pid=2)
    found = refusal(filled)
    assert found is not None
    assert found.rule == rule, found


def test_there_are_more_than_sixty_of_them() -> None:
    assert len({row[2] for row in HOSTILE}) == len({row[0] for row in HOSTILE}) == len(HOSTILE) > 60


@pytest.mark.parametrize(
    ("program", "rule"),
    [
        ("x = f'{1}{2}'", "growth"),
        ("x = [1]\nx += x", "growth"),
        ("f = lambda a, b: 1", "statement"),
        ("f = lambda *a: 1", "statement"),
        ("f = lambda a=1: 1", "statement"),
        ("f = lambda driver: 1", "name"),
        ("driver.find_element(By.ID, 'a').text()", "call"),
        ("driver.find_element(By.ID, 'a')()", "call"),
        ("Select(driver.find_element(By.ID, 'a'), x=1)", "call"),
        ("for x in driver.find_elements(By.ID, 'a'):\n    pass", "loop"),
        ("for x in driver.find_elements(By.ID, 'a')[:-1]:\n    pass", "loop"),
        ("for x in range(len('a')):\n    pass", "loop"),
        ("for x in range(0, 50, 0):\n    pass", "loop"),
        ("time.sleep(True)", "sleep"),
        ("time.sleep()", "sleep"),
        ("time.time()", "sleep"),
        ("time.ctime", "attribute"),
        ("for x in range(1.5):\n    pass", "loop"),
        ("By.__class__", "private"),
        ("Keys.mro", "attribute"),
        ("EC.webdriver", "attribute"),
        ("x = 1e9", "constant"),
        ("x = b'a'", "constant"),
        ("x = 1j", "constant"),
        ("x = ...", "constant"),
        ("x = float", "name"),
        ("_ = 1", "private"),
        ("del driver", "statement"),
        ("x = {}", "statement"),
        ("x = ~1", "operator"),
        ("x = '" + "a" * 3000 + "'", "constant"),
        ("x = [" + "1," * 900 + "]", "size"),
        ("driver.get(url='http://pages.invalid/')", "address"),
        ("driver.get()", "address"),
        ("WebDriverWait(driver, 5, 0)", "wait"),
        ("WebDriverWait(driver)", "wait"),
    ],
)
def test_edges(program: str, rule: str) -> None:
    found = refusal(program)
    assert found is not None
    assert found.rule == rule, found
