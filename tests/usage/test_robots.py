import re

import pytest

from dissemination.usage import robots

PEOPLE = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
    " Mobile/15E148 Safari/604.1",
)
ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "curl/8.5.0", "Wget/1.21",
    "python-requests/2.32", "", "x", "Mozilla/5.0 (compatible; bingbot/2.0)", "GOOGLEBOT", "facebookexternalhit/1.1",
)  # fmt: skip


@pytest.mark.parametrize("agent", PEOPLE)
def test_browsers_are_no_robots(agent):
    assert robots.is_robot(agent) is False


@pytest.mark.parametrize("agent", ROBOTS)
def test_what_the_list_names_is_a_robot(agent):
    assert robots.is_robot(agent) is True


def test_the_list_is_whole_and_each_line_is_an_expression():
    found = robots.lines()
    assert len(found) == 327
    assert [line for line in found if not re.compile(line)] == []
