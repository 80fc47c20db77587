"""What Git or a server says is shown without its logins, control characters and tricks of direction, however it is cut."""

import pytest

from atmos_cli.adapters.git.process import plain
from atmos_cli.adapters.http import said

LOGINS = [
    "https://me:hunter2@host/x.git",
    "https://hunter2@host/x.git",
    "HTTPS://me:hunter2@host/x.git",
    "https://me:hun/ter2@host/hunter2@x.git",
    "https://me:hunter2@x@host/x.git",
    "git+ssh://me:hunter2@host/x",
    "ssh://git@host/x,https://me:hunter2@host/x",
    "'https://me:hunter2@host/x.git':",
    "a://b://me:hunter2@host",
    "https://host/x?private_token=hunter2&y=1",
    "https://host/x?token=hunter2",
]


@pytest.mark.parametrize("clean", [plain, said])
@pytest.mark.parametrize("url", LOGINS)
@pytest.mark.parametrize("frame", ["{}", "fatal: unable to access {}: no", "\x1b[31m{}\x1b[0m", "\u202e{}\u2066"])
def test_a_login_in_a_url_is_hidden(clean, url, frame):
    shown = clean(frame.format(url))
    assert "hunter2" not in shown
    assert "ter2@" not in shown
    assert "***" in shown


def test_what_is_no_login_stays():
    for text in ("ssh://git@host/org/x.git", "git@host:org/x.git", "https://host/x.git", "mail me@host", "a://b c@d"):
        assert plain(text) == text


@pytest.mark.parametrize("clean", [plain, said])
def test_nothing_that_is_not_shown_reaches_a_terminal(clean):
    hidden = "\x00\x07\x08\x1b\x7f\x85\x9b\xad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff\ufffb\ud800"
    shown = clean(f"a{hidden}b")
    assert shown.isprintable() or not shown.replace("\n", "").strip("ab ")
    assert not set(hidden) & set(shown)


@pytest.mark.parametrize("shift", range(-12, 13))
def test_no_cut_halves_a_login(shift):
    """Where the text is cut, half of a URL must not stay without its `@`, or without its `://`."""
    url = "https://me:hunter2hunter2@host/x.git"
    for clean, text in (
        (plain, f"{'x ' * 50}{url} {'y' * ((1 << 16) - len(url) // 2 + shift)}"),
        (said, f"{' ' * ((1 << 16) - len(url) // 2 + shift)}{url} {'y ' * 50}"),
        (said, f"{' ' * (1200 - len(url) // 2 + shift)}{url} {'y ' * 50}"),
    ):
        assert "hunter2" not in clean(text)


def test_the_last_lines_of_much_are_kept():
    assert plain("x\n" * 100_000 + "fatal: the reason").endswith("x\nfatal: the reason")
